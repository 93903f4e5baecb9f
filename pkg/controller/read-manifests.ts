/**
 * Reads what a cluster would hold from YAML text: DataActionConfigs, as they stand, and Secrets. Pure.
 *
 * For `npm start` and `validate`. Plain YAML 1.2 only: no custom tags, no repeated keys, few aliases. Problems name
 * the line and never show what stands there.
 */
import { type Document, LineCounter } from 'yaml';
import { type Parsed, type Problem, parsed, refused } from '../errors/problem.ts';
import { manifestLimits, requestLimits } from '../process/limits.ts';
import { outlineConfig } from '../tenant/data-action-config.ts';
import { objectKey } from './candidate.ts';
import type { Gathered } from './decide.ts';
import { parseDocuments, plainValue } from './plain-yaml.ts';
import { readSecret } from './read-secret.ts';
import type { SecretContent } from './resolve-secrets.ts';

/** @param salt  goes into the Secrets' versions, so that these tell nothing about the values */
export const readManifests = (yaml: string, salt: string): Parsed<Gathered> => {
  if (Buffer.byteLength(yaml) > manifestLimits.bytesMax) {
    return refused([{ path: '', expected: `at most ${manifestLimits.bytesMax} bytes` }]);
  }
  const lines = new LineCounter();
  const configs: unknown[] = [];
  const secrets = new Map<string, SecretContent>();
  const names = new Set<string>();
  const problems: Problem[] = [];

  const readDocument = (document: Document.Parsed): void => {
    const at = (path: string): string => {
      const line = `line ${lineOf(document, path, lines)}`;
      return path === '' ? line : `${line}: ${path}`;
    };
    const value = plainValue(document, lines);
    if (!value.ok) {
      problems.push(...value.problems);
      return;
    }
    if (value.value === null || value.value === undefined) return;
    const kind = fieldOf(value.value, 'kind');
    if (kind !== 'DataActionConfig' && kind !== 'Secret') {
      problems.push({ path: at('kind'), expected: 'DataActionConfig or Secret' });
      return;
    }
    const key = `${kind} ${objectKey(outlineConfig(value.value).metadata)}`;
    if (names.has(key)) problems.push({ path: at('metadata.name'), expected: `a name that no other ${kind} has` });
    names.add(key);
    if (kind === 'DataActionConfig') {
      configs.push(value.value);
      return;
    }
    const secret = readSecret(value.value, salt);
    if (secret.ok) secrets.set(secret.value.key, secret.value.content);
    else problems.push(...secret.problems.map(({ path, expected }) => ({ path: at(path), expected })));
  };

  for (const document of parseDocuments(yaml, lines)) {
    if (problems.length >= requestLimits.problemsMax) break;
    readDocument(document);
  }
  return problems.length > 0 ? refused(problems.slice(0, requestLimits.problemsMax)) : parsed({ configs, secrets });
};

const fieldOf = (value: unknown, field: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, field) ? Reflect.get(value, field) : undefined;

/** The line of the deepest part of `path` that is there. */
const lineOf = (document: Document.Parsed, path: string, lines: LineCounter): number => {
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '');
  for (let depth = keys.length; depth > 0; depth -= 1) {
    const node: unknown = document.getIn(keys.slice(0, depth), true);
    const range = fieldOf(node, 'range');
    const start: unknown = Array.isArray(range) ? range[0] : undefined;
    if (typeof start === 'number') return lines.linePos(start).line;
  }
  const start = document.contents?.range[0] ?? document.range[0];
  return lines.linePos(start).line;
};
