/** Rules about who imports whom: folder ranks, no cycles between files, entry points apart. */
import { posix } from 'node:path';
import type { Rule, Source } from './sources.ts';

/** A folder imports only folders of lower rank and its own files. A half stands between two rooms of one rank. */
export const ranks: Readonly<Record<string, number>> = {
  'pkg/errors': 0,
  'pkg/process': 0.5,
  'pkg/telemetry': 1,
  'pkg/resilience': 1,
  'pkg/webhook': 1,
  'pkg/tenant': 1,
  'pkg/kubernetes': 2,
  'pkg/cxone': 2,
  'pkg/cache': 2,
  'pkg/postgres': 2,
  'pkg/controller': 3,
  'pkg/actions': 3,
  'pkg/registry': 4,
  'pkg/http': 5,
};
const cmdRank = 6;
const testRank = 7;

const roomOf = (path: string): string =>
  path
    .split('/')
    .slice(0, path.startsWith('test/') ? 1 : 2)
    .join('/');

const rankOf = (room: string): number | undefined => {
  if (room.startsWith('cmd/')) return cmdRank;
  return room === 'test' ? testRank : ranks[room];
};

/** Relative imports, exports from, and imports by call, as paths from the root. */
export const importsOf = ({ path, text }: Source): readonly string[] =>
  [...text.matchAll(/(?:^|[\s;}])(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"\n]+)['"]/g)].map(([, target = '']) =>
    posix.join(posix.dirname(path), target),
  );

export const keepsRanks: Rule = (sources) =>
  sources.flatMap((source) => {
    const room = roomOf(source.path);
    const rank = rankOf(room);
    if (rank === undefined) return [`${source.path}: its folder has no rank (test/lint/imports.ts)`];
    return importsOf(source)
      .filter((target) => !mayImport(source.path, room, rank, target))
      .map((target) => `${source.path}: may not import ${target}`);
  });

const mayImport = (path: string, room: string, rank: number, target: string): boolean => {
  const other = roomOf(target);
  if (other === room) return true;
  const otherRank = rankOf(other);
  if (otherRank !== undefined && otherRank < rank) return true;
  if (room === 'cmd/dev' && otherRank === cmdRank) return true;
  // The launcher's own files stand beside the rooms.
  if (path.startsWith('cmd/') && /^cmd\/[a-z-]+\.mjs$/.test(target)) return true;
  // A test may build on what the tests share.
  return path.endsWith('.test.ts') && target.startsWith('test/services/');
};

export const hasNoCycles: Rule = (sources) => {
  const imports = new Map(sources.map((source) => [source.path, importsOf(source)]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      found.push(`${path}: imports itself by way of ${[...trail.slice(at), path].join(' -> ')}`);
      return;
    }
    if (done.has(path)) return;
    for (const target of imports.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  return found;
};
