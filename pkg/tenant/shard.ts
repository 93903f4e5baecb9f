/**
 * One file of the bundle: a header line, then one tenant a line, sorted by tenant id.
 *
 * `revision` is made of the tenants' revisions and may be published; `check` covers header and lines as they stand,
 * secrets included, and may not. A file that was torn or edited does not match its `check` and is refused.
 */
import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type Parsed, parsed, refused } from '../errors/problem.ts';
import { bundleLimits } from '../process/limits.ts';
import { type BundleTenant, encodeTenantLine } from './bundle.ts';
import { type Codec, decodeJson } from './codec.ts';
import { closed } from './codec-containers.ts';
import { exactly, text, whole } from './codec-scalars.ts';
import { revisionText } from './names.ts';
import { shardRevision } from './revision.ts';

export interface ShardHeader {
  readonly schema: 1;
  readonly revision: string;
  /** Tenants. */
  readonly count: number;
  /** RFC 3339. */
  readonly writtenAt: string;
  /** CRC-32 in hex. Not to be published. */
  readonly check: string;
}

const shardHeader: Codec<ShardHeader> = closed({
  schema: exactly(1),
  revision: revisionText,
  count: whole(0, bundleLimits.tenantsMax),
  writtenAt: text({ min: 1, max: 40 }),
  check: text({ max: 8, pattern: /^[0-9a-f]{8}$/, expected: 'a CRC-32 in hex' }),
});

/** @returns 0..63, from the first byte of the id's SHA-256 */
export const shardOf = (tenantId: string): number =>
  Number.parseInt(hash('sha256', tenantId).slice(0, 2), 16) % bundleLimits.shards;

export const byTenantId = (a: Pick<BundleTenant, 'tenantId'>, b: Pick<BundleTenant, 'tenantId'>): number =>
  a.tenantId < b.tenantId ? -1 : Number(a.tenantId > b.tenantId);

const checkOf = ({ revision, count, writtenAt }: Omit<ShardHeader, 'check'>, lines: string): string =>
  crc32(`${revision} ${count} ${writtenAt}\n${lines}`).toString(16).padStart(8, '0');

/** @param tenants  of this shard alone, in any order     @param writtenAt  RFC 3339 */
export const encodeShard = (tenants: readonly BundleTenant[], writtenAt: string): string => {
  const sorted = tenants.toSorted(byTenantId);
  const lines = sorted.map((tenant) => `${encodeTenantLine(tenant)}\n`).join('');
  const header = { schema: 1, revision: shardRevision(sorted), count: sorted.length, writtenAt } as const;
  return `${JSON.stringify({ ...header, check: checkOf(header, lines) })}\n${lines}`;
};

/** Reads the header and tells the lines apart without decoding them. */
export const decodeShard = (content: string): Parsed<ShardHeader & { readonly lines: readonly string[] }> => {
  const end = content.indexOf('\n');
  const header = decodeShardHeader(content);
  if (!header.ok) return header;
  const body = content.slice(end + 1);
  if (checkOf(header.value, body) !== header.value.check) {
    return refused([{ path: 'check', expected: 'the check of the lines' }]);
  }
  const lines = body.split('\n');
  if (lines.pop() !== '' || lines.length !== header.value.count) {
    return refused([{ path: 'count', expected: 'the number of lines' }]);
  }
  const long = lines.findIndex((line) => Buffer.byteLength(line) > bundleLimits.lineBytesMax);
  if (long >= 0) return refused([{ path: `lines[${long}]`, expected: `at most ${bundleLimits.lineBytesMax} bytes` }]);
  return parsed({ ...header.value, lines });
};

const decodeShardHeader = (content: string): Parsed<ShardHeader> => {
  const end = content.indexOf('\n');
  if (end < 0 || end > bundleLimits.headerBytesMax) return refused([{ path: '', expected: 'a header line' }]);
  return decodeJson(shardHeader, content.slice(0, end));
};
