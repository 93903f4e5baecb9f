/**
 * YAML from people's files as plain data, without custom tags, repeated keys or circles, with few aliases: manifests as kubectl reads them, other
 * files as YAML 1.2.
 *
 * Problems name the line and never show what stands there. Knows nothing of what the data means.
 */
import { type Document, isDocument, type LineCounter, parseAllDocuments, type Tags } from 'yaml';
import { type Parsed, parsed, refused } from '../errors/problem.ts';
import { manifestLimits } from '../process/limits.ts';

/** Of YAML 1.1, what kubectl leaves as text. */
const isText = (tag: Tags[number]): boolean =>
  typeof tag !== 'string' && (/:(?:timestamp|binary|omap|pairs|set)$/.test(tag.tag) || tag.format === 'TIME');

/** kubectl, and what applies with the same library (Helm, Argo CD), reads YAML 1.1: `on`, `yes` and `y` are true, `<<` merges, `010` is 8. */
const dialects = {
  kubectl: { version: '1.1', schema: 'yaml-1.1', customTags: (tags: Tags) => tags.filter((tag) => !isText(tag)) },
  'YAML 1.2': { version: '1.2', schema: 'core' },
} as const;

/** @param lineCounter  learns where the lines begin */
export const parseDocuments = (
  yaml: string,
  lineCounter: LineCounter,
  dialect: keyof typeof dialects = 'YAML 1.2',
): readonly Document.Parsed[] => {
  const documents = parseAllDocuments(yaml, {
    ...dialects[dialect],
    resolveKnownTags: false,
    stringKeys: true,
    uniqueKeys: true,
    prettyErrors: false,
    logLevel: 'silent',
    lineCounter,
  });
  return Array.isArray(documents) ? documents.filter((document) => isDocument(document)) : [];
};

interface LinedProblem {
  readonly line: number;
  readonly expected: string;
}

type Plain =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly LinedProblem[] };

/** The document's value if it is plain data. An unknown tag is a warning to the parser and an error here. */
export const plainOrLocated = (document: Document.Parsed, lines: LineCounter): Plain => {
  const found = [...document.errors, ...document.warnings].map(({ code, pos: [start] }) => ({
    line: lines.linePos(start).line,
    expected: expectedOf(code),
  }));
  // One bracket too few is many errors to the parser, the first of which tells most.
  const told = new Map(found.toReversed().map((problem) => [problem.line, problem]));
  if (told.size > 0) return { ok: false, problems: [...told.values()].reverse() };
  try {
    // An alias within its own anchor makes a circle, which JSON refuses.
    const value: unknown = document.toJS({ maxAliasCount: manifestLimits.aliasesMax });
    return { ok: true, value: value === undefined ? undefined : JSON.parse(JSON.stringify(value)) };
  } catch {
    const { line } = lines.linePos(document.range[0]);
    return { ok: false, problems: [{ line, expected: 'few aliases, each of an anchor before it' }] };
  }
};

/** The same with the line as path. */
export const plainValue = (document: Document.Parsed, lines: LineCounter): Parsed<unknown> => {
  const plain = plainOrLocated(document, lines);
  if (plain.ok) return parsed(plain.value);
  return refused(plain.problems.map(({ line, expected }) => ({ path: `line ${line}`, expected })));
};

const expectedOf = (code: string): string => {
  if (code === 'DUPLICATE_KEY') return 'a key that is not there already';
  if (code === 'TAG_RESOLVE_FAILED') return 'no tag';
  // The parser's own word for it, as its text shows what stands there.
  return `YAML (${code.toLowerCase().replaceAll('_', ' ')})`;
};
