/**
 * Reads the bundle's shard files and tells what changed since the last time: decodes only lines that are new.
 *
 * A shard that cannot be read or fails its check keeps what it last held; it is tried again at the next read. A tenant
 * belongs to one shard alone, so that what one file says of it cannot be undone by another.
 */
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Parsed, parsed, problemText, refused } from '../errors/problem.ts';
import { thrownCode } from '../errors/thrown-code.ts';
import { bundleLimits } from '../process/limits.ts';
import { type BundleTenant, createLineDecoder } from '../tenant/bundle.ts';
import { fileSignature, shardFileName } from '../tenant/bundle-directory.ts';
import { bundleRevision } from '../tenant/revision.ts';
import { decodeShard, shardOf } from '../tenant/shard.ts';

export interface BundleChanges {
  readonly tenants: readonly BundleTenant[];
  readonly removed: readonly string[];
  /** False when the directory says what it said before, good or bad. */
  readonly isNews: boolean;
}

interface Shard {
  /** Of the file last taken over: unchanged means nothing to do. */
  readonly signature: string;
  readonly revision: string;
  /** Tenant by the hash of its line. */
  readonly tenants: ReadonlyMap<string, string>;
}

interface ShardNews extends Shard {
  readonly decoded: readonly BundleTenant[];
}

export interface BundleReader {
  /** @param shards  which to look at; all of them when left out */
  read(shards?: ReadonlySet<number>): Promise<BundleChanges>;
  /** Revision of all shards together; undefined until each has been read once. */
  revision(): string | undefined;
  /** Files that could not be taken over as they now are: by name, and what is wrong with them. */
  problems(): readonly string[];
}

const allShards = Array.from({ length: bundleLimits.shards }, (_, index) => index);

interface ShardBefore {
  readonly index: number;
  /** Tenant by the hash of its line, of the lines that were there before. */
  readonly known: ReadonlyMap<string, string> | undefined;
}

const decodeLines = (
  lines: readonly string[],
  { index, known }: ShardBefore,
  decodeLine: (line: string) => Parsed<BundleTenant>,
): Parsed<Pick<ShardNews, 'tenants' | 'decoded'>> => {
  const tenants = new Map<string, string>();
  const decoded: BundleTenant[] = [];
  const ids = new Set<string>();
  for (const [place, line] of lines.entries()) {
    // The header is line 1.
    const at = `line ${place + 2}`;
    const id = hash('sha256', line, 'base64');
    let tenantId = known?.get(id);
    if (tenantId === undefined) {
      const tenant = decodeLine(line);
      if (!tenant.ok)
        return refused(tenant.problems.map(({ path, expected }) => ({ path: `${at}: ${path}`, expected })));
      decoded.push(tenant.value);
      tenantId = tenant.value.tenantId;
    }
    if (shardOf(tenantId) !== index || ids.has(tenantId)) {
      return refused([{ path: `${at}: tenantId`, expected: 'a tenant of this shard, once' }]);
    }
    ids.add(tenantId);
    tenants.set(id, tenantId);
  }
  return parsed({ tenants, decoded });
};

export const createBundleReader = (dir: string): BundleReader => {
  const decodeLine = createLineDecoder();
  const shards = new Map<number, Shard>();
  const problems = new Map<number, string>();

  /** @returns undefined inside when the file is the one that was taken over, or was never there */
  const readShard = async (index: number): Promise<Parsed<ShardNews | undefined>> => {
    const path = join(dir, shardFileName(index));
    const before = shards.get(index);
    try {
      const signature = await fileSignature(path);
      if (before?.signature === signature) return parsed(undefined);
      const shard = decodeShard(await readFile(path, 'utf8'));
      if (!shard.ok) return shard;
      const lines = decodeLines(shard.value.lines, { index, known: before?.tenants }, decodeLine);
      return lines.ok ? parsed({ signature, revision: shard.value.revision, ...lines.value }) : lines;
    } catch (error) {
      const isMissing = thrownCode(error) === 'ENOENT';
      if (isMissing && !before) return parsed(undefined);
      return refused([{ path: '', expected: isMissing ? 'the file to be there' : 'a file that can be read' }]);
    }
  };

  /** @returns whether the shard's problem, or its being without one, is new */
  const noteProblem = (index: number, problem: string | undefined): boolean => {
    const before = problems.get(index);
    if (problem === undefined) problems.delete(index);
    else problems.set(index, problem);
    return before !== problem;
  };

  return {
    read: async (wanted = new Set(allShards)) => {
      const tenants: BundleTenant[] = [];
      const removed: string[] = [];
      let isNews = false;
      for (const index of wanted) {
        const shard = await readShard(index);
        const problem = shard.ok ? undefined : `${shardFileName(index)}: ${shard.problems.map(problemText).join('; ')}`;
        if (noteProblem(index, problem)) isNews = true;
        if (!shard.ok || shard.value === undefined) continue;
        const { decoded, ...taken } = shard.value;
        const present = new Set(taken.tenants.values());
        removed.push(...[...(shards.get(index)?.tenants.values() ?? [])].filter((tenantId) => !present.has(tenantId)));
        tenants.push(...decoded);
        shards.set(index, taken);
        isNews = true;
      }
      return { tenants, removed, isNews };
    },
    revision: () => {
      const revisions = allShards.map((index) => shards.get(index)?.revision);
      return revisions.every((revision) => revision !== undefined) ? bundleRevision(revisions) : undefined;
    },
    problems: () => [...problems.values()],
  };
};
