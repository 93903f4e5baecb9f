/**
 * Reads the bundle's shard files and tells what changed since the last time: decodes only lines that are new.
 *
 * A shard that cannot be read or fails its check keeps what it last held; it is tried again at the next read.
 */
import { hash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleLimits } from '../process/limits.ts';
import { type BundleTenant, decodeTenantLine } from '../tenant/bundle.ts';
import { shardFileName } from '../tenant/bundle-directory.ts';
import { bundleRevision } from '../tenant/revision.ts';
import { decodeShard } from '../tenant/shard.ts';

export interface BundleChanges {
  readonly tenants: readonly BundleTenant[];
  readonly removed: readonly string[];
  /** Files that could not be taken over: by name, and what was wrong with them. */
  readonly problems: readonly string[];
}

interface Shard {
  /** Of the file last looked at: unchanged means nothing to do. */
  readonly signature: string;
  readonly revision: string;
  /** Tenant by the hash of its line. */
  readonly tenants: ReadonlyMap<string, string>;
}

export interface BundleReader {
  /** @param shards  which to look at; all of them when left out */
  read(shards?: ReadonlySet<number>): Promise<BundleChanges>;
  /** Revision of all shards together; undefined until each has been read once. */
  revision(): string | undefined;
}

const allShards = Array.from({ length: bundleLimits.shards }, (_, index) => index);

const isMissing = (error: unknown): boolean => error instanceof Error && Reflect.get(error, 'code') === 'ENOENT';

export const createBundleReader = (dir: string): BundleReader => {
  const shards = new Map<number, Shard>();

  const readShard = async (index: number): Promise<BundleChanges> => {
    const name = shardFileName(index);
    const path = join(dir, name);
    const none = { tenants: [], removed: [], problems: [] };
    const before = shards.get(index);
    const { ino, mtimeNs, size } = await stat(path, { bigint: true });
    const signature = `${ino} ${mtimeNs} ${size}`;
    if (before?.signature === signature) return none;
    const shard = decodeShard(await readFile(path, 'utf8'));
    if (!shard.ok)
      return { ...none, problems: shard.problems.map((problem) => `${name}: ${problem.path} ${problem.expected}`) };
    const tenants: BundleTenant[] = [];
    const problems: string[] = [];
    const now = new Map<string, string>();
    for (const line of shard.value.lines) {
      const id = hash('sha256', line, 'base64');
      const known = before?.tenants.get(id);
      if (known !== undefined) {
        now.set(id, known);
        continue;
      }
      const tenant = decodeTenantLine(line);
      if (!tenant.ok)
        return { ...none, problems: tenant.problems.map((problem) => `${name}: ${problem.path} ${problem.expected}`) };
      tenants.push(tenant.value);
      now.set(id, tenant.value.tenantId);
    }
    const present = new Set(now.values());
    const removed = [...(before?.tenants.values() ?? [])].filter((tenantId) => !present.has(tenantId));
    shards.set(index, { signature, revision: shard.value.revision, tenants: now });
    return { tenants, removed, problems };
  };

  return {
    read: async (wanted) => {
      const parts: BundleChanges[] = [];
      for (const index of wanted ?? allShards) {
        try {
          parts.push(await readShard(index));
        } catch (error) {
          // Not written yet, or just being replaced: the next look finds it.
          if (!isMissing(error))
            parts.push({ tenants: [], removed: [], problems: [`${shardFileName(index)}: cannot be read`] });
        }
      }
      return {
        tenants: parts.flatMap((part) => part.tenants),
        removed: parts.flatMap((part) => part.removed),
        problems: parts.flatMap((part) => part.problems),
      };
    },
    revision: () => {
      const revisions = allShards.map((index) => shards.get(index)?.revision);
      return revisions.every((revision) => revision !== undefined) ? bundleRevision(revisions) : undefined;
    },
  };
};
