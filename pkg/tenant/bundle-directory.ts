/**
 * The directory that holds the bundle: 64 shard files, each replaced as a whole (temp, fsync, rename) and only when its
 * revision changed. Every shard has a file, the empty ones too: 64 files are a whole bundle.
 *
 * One process writes. Readers need no lock. Nothing but shards and their temporary files is ever touched.
 */
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../process/clock.ts';
import { bundleLimits } from '../process/limits.ts';
import type { BundleTenant } from './bundle.ts';
import { bundleRevision, shardRevision } from './revision.ts';
import { byTenantId, decodeShardHeader, encodeShard, shardOf } from './shard.ts';

export interface ShardFile {
  readonly shard: number;
  readonly path: string;
}

export interface WrittenBundle {
  readonly revision: string;
  /** The shards that were replaced. */
  readonly written: readonly number[];
}

/** `shard-00.ndjson` to `shard-63.ndjson`. */
export const shardFileName = (shard: number): string => `shard-${String(shard).padStart(2, '0')}.ndjson`;

/** The shard files that are there, in order. */
export const listShards = async (dir: string): Promise<readonly ShardFile[]> => {
  const names = new Set(await readdir(dir));
  return Array.from({ length: bundleLimits.shards }, (_, shard) => shard)
    .filter((shard) => names.has(shardFileName(shard)))
    .map((shard) => ({ shard, path: join(dir, shardFileName(shard)) }));
};

/** @param tenants  all of them, each id once */
export const writeBundle = async (
  dir: string,
  tenants: readonly BundleTenant[],
  clock: Pick<Clock, 'wall'>,
): Promise<WrittenBundle> => {
  await removeStaleTemporaries(dir);
  const onDisk = new Map<number, string | undefined>();
  for (const { shard, path } of await listShards(dir)) onDisk.set(shard, await readRevision(path));
  const writtenAt = new Date(clock.wall()).toISOString();
  const shards = intoShards(tenants);
  const revisions = shards.map(shardRevision);
  const written: number[] = [];
  for (const [shard, members] of shards.entries()) {
    if (onDisk.get(shard) === revisions[shard]) continue;
    await replaceFile(dir, shardFileName(shard), encodeShard(members, writtenAt));
    written.push(shard);
  }
  return { revision: bundleRevision(revisions), written };
};

const intoShards = (tenants: readonly BundleTenant[]): readonly (readonly BundleTenant[])[] => {
  const shards = Array.from({ length: bundleLimits.shards }, (): BundleTenant[] => []);
  for (const tenant of tenants.toSorted(byTenantId)) shards[shardOf(tenant.tenantId)]?.push(tenant);
  return shards;
};

/** @returns undefined when the file's header does not decode: it is replaced then */
const readRevision = async (path: string): Promise<string | undefined> => {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bundleLimits.headerBytesMax + 1));
  const header = decodeShardHeader(buffer.toString('utf8', 0, bytesRead));
  return header.ok ? header.value.revision : undefined;
};

const temporaryName = (name: string): string => `.${name}.tmp`;
const isTemporary = (name: string): boolean => /^\.shard-\d\d\.ndjson\.tmp$/.test(name);

/** What an interrupted write left behind. */
const removeStaleTemporaries = async (dir: string): Promise<void> => {
  for (const name of await readdir(dir)) {
    if (isTemporary(name)) await rm(join(dir, name), { force: true });
  }
};

const replaceFile = async (dir: string, name: string, content: string): Promise<void> => {
  const temporary = join(dir, temporaryName(name));
  await writeSynced(temporary, content);
  await rename(temporary, join(dir, name));
};

const writeSynced = async (path: string, content: string): Promise<void> => {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(content);
  // Group-readable for the handler, which runs as another user; read-only, since files are replaced and never edited.
  await file.chmod(0o440);
  await file.sync();
};
