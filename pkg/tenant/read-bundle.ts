/**
 * Reads a bundle directory back as a whole: what its writer had written before it was started again.
 *
 * A file that is broken, or has a line that is, counts as one that is not there.
 */
import { readFile } from 'node:fs/promises';
import { bundleLimits } from '../process/limits.ts';
import { type BundleTenant, decodeTenantLine } from './bundle.ts';
import { listShards, type ShardFile } from './bundle-directory.ts';
import { decodeShard, shardOf } from './shard.ts';

export interface FoundBundle {
  /** Each id once. */
  readonly tenants: readonly BundleTenant[];
  /** Every shard was there and good. */
  readonly isWhole: boolean;
}

/** @returns nothing of a directory that is not there */
export const readBundle = async (dir: string): Promise<FoundBundle> => {
  const shards = await Promise.all((await listShards(dir).catch(() => [])).map(readShard));
  return {
    tenants: shards.flatMap((tenants) => tenants ?? []),
    isWhole: shards.length === bundleLimits.shards && shards.every((tenants) => tenants !== undefined),
  };
};

const readShard = async ({ shard, path }: ShardFile): Promise<readonly BundleTenant[] | undefined> => {
  const file = decodeShard(await readFile(path, 'utf8').catch(() => ''));
  if (!file.ok) return undefined;
  const tenants = new Map<string, BundleTenant>();
  for (const line of file.value.lines) {
    const tenant = decodeTenantLine(line);
    if (!tenant.ok || shardOf(tenant.value.tenantId) !== shard) return undefined;
    tenants.set(tenant.value.tenantId, tenant.value);
  }
  return [...tenants.values()];
};
