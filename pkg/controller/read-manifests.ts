/**
 * One file with nothing but DataActionConfigs and Secrets: what `npm start` and the CLI's signer take. Pure.
 *
 * Plain YAML 1.2 only: no custom tags, no repeated keys, few aliases. Problems name the line and never show what stands
 * there. A file with any problem is refused as a whole.
 */
import { type Parsed, parsed, refused } from '../errors/problem.ts';
import { requestLimits } from '../process/limits.ts';
import type { Gathered } from './decide.ts';
import { gatherManifests } from './gather-manifests.ts';
import { type LocatedProblem, parseManifestFile } from './manifest-file.ts';

const lined = ({ line, path, expected }: LocatedProblem) => ({
  path: path === '' ? `line ${line}` : `line ${line}: ${path}`,
  expected,
});

/** @param salt  goes into the Secrets' versions, so that these tell nothing about the values */
export const readManifests = (yaml: string | Uint8Array, salt: string): Parsed<Gathered> => {
  const gathered = gatherManifests([{ file: '', ...parseManifestFile(yaml) }], salt);
  const { configs, secrets } = gathered;
  const problems = [...gathered.problems, ...gathered.others].toSorted((a, b) => a.line - b.line);
  if (problems.length > 0) return refused(problems.slice(0, requestLimits.problemsMax).map(lined));
  return parsed({ configs: configs.map(({ value }) => value), secrets });
};
