/**
 * The directory that holds the bundle: 64 shard files, each replaced as a whole (temp, fsync, rename) and only when its
 * revision changed. Every shard has a file, the empty ones too: 64 files are a whole bundle.
 *
 * One process writes. Readers need no lock. Nothing but shards and their temporary files is ever touched.
 */
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../process/clock.ts';
import { bundleLimits } from '../process/limits.ts';
import type { BundleTenant } from './bundle.ts';
import { bundleRevision, shardRevision } from './revision.ts';
import { byTenantId, decodeShard, encodeShard, shardOf } from './shard.ts';

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
export const writeBundle = (
  dir: string,
  tenants: readonly BundleTenant[],
  clock: Pick<Clock, 'wall'>,
): Promise<WrittenBundle> => createBundleWriter(dir, clock).write(tenants);

export interface BundleWriter {
  /** Never two writes at once. @param tenants  all of them, each id once */
  write(tenants: readonly BundleTenant[]): Promise<WrittenBundle>;
  /** What changed since the last write, whether that failed or not. @param tenants  by id; undefined: there no more */
  update(tenants: ReadonlyMap<string, BundleTenant | undefined>): Promise<WrittenBundle>;
  /** The next write looks at the directory itself. */
  distrust(): void;
}

/** Remembers what it has written, so that a change costs one shard and a look at the others. What is in the directory it learns from
 * there at first, and again after a failure. A file that is broken anywhere is replaced. */
export const createBundleWriter = (dir: string, clock: Pick<Clock, 'wall'>): BundleWriter => {
  const readRevision = createRevisionReader();
  let onDisk: (string | undefined)[] | undefined;
  let shards = createShards();

  const lookAtDisk = async (): Promise<(string | undefined)[]> => {
    await removeStaleTemporaries(dir);
    const found = Array.from({ length: bundleLimits.shards }, (): string | undefined => undefined);
    for (const { shard, path } of await listShards(dir)) found[shard] = await readRevision(shard, path);
    return found;
  };

  const replaceChanged = async (known: (string | undefined)[]): Promise<readonly number[]> => {
    const writtenAt = new Date(clock.wall()).toISOString();
    const written: number[] = [];
    for (const [shard, { members, revision }] of shards.entries()) {
      if (known[shard] === revision) continue;
      await replaceFile(dir, shardFileName(shard), encodeShard([...members.values()], writtenAt));
      known[shard] = revision;
      written.push(shard);
    }
    return written;
  };

  const update: BundleWriter['update'] = async (tenants) => {
    const touched = new Set<Shard>();
    for (const [tenantId, tenant] of tenants) {
      const shard = shards[shardOf(tenantId)];
      if (shard === undefined) continue;
      if (tenant === undefined) shard.members.delete(tenantId);
      else shard.members.set(tenantId, tenant);
      touched.add(shard);
    }
    for (const shard of touched) shard.revision = shardRevision([...shard.members.values()].sort(byTenantId));
    const known = onDisk ?? (await lookAtDisk());
    onDisk = undefined;
    const written = await replaceChanged(known);
    onDisk = known;
    return { revision: bundleRevision(shards.map(({ revision }) => revision)), written };
  };

  return {
    update,
    write: (tenants) => {
      shards = createShards();
      return update(new Map(tenants.map((tenant) => [tenant.tenantId, tenant])));
    },
    distrust: () => {
      onDisk = undefined;
    },
  };
};

interface Shard {
  readonly members: Map<string, BundleTenant>;
  revision: string;
}

const createShards = (): readonly Shard[] =>
  Array.from({ length: bundleLimits.shards }, () => ({ members: new Map(), revision: shardRevision([]) }));

/** Tells whether a file is still the one that was read. */
export const fileSignature = async (path: string): Promise<string> => {
  const { ino, mtimeNs, size } = await stat(path, { bigint: true });
  return `${ino} ${mtimeNs} ${size}`;
};

/** Reads a file as a whole, since a header may be right and a line torn; but once, for as long as it is the same file.
 * Gives undefined for one that is broken: it is replaced then. */
const createRevisionReader = (): ((shard: number, path: string) => Promise<string | undefined>) => {
  const known = new Map<number, { readonly signature: string; readonly revision: string | undefined }>();
  return async (shard, path) => {
    const signature = await fileSignature(path);
    const before = known.get(shard);
    if (before?.signature === signature) return before.revision;
    const file = decodeShard(await readFile(path, 'utf8'));
    const revision = file.ok ? file.value.revision : undefined;
    known.set(shard, { signature, revision });
    return revision;
  };
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
