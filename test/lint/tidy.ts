/** House rules that a linter does not know: what may stand where. Matching is by text, with comments left out. */
import { isTest, type Rule, type Source } from './sources.ts';

interface TextRule {
  readonly name: string;
  readonly pattern: RegExp;
  readonly appliesTo: (path: string) => boolean;
}

/** One table each, and the only place where its kind of thing may stand: they grow with what they list. */
const tables: ReadonlySet<string> = new Set(['pkg/process/limits.ts']);

/** Tables of cases make tests longer. */
const linesMax = (path: string): number => (isTest(path) || tables.has(path) ? 400 : 250);

/** Reads the clock, each for a reason. */
const clockReaders: ReadonlySet<string> = new Set(['pkg/process/clock.ts']);

const inPkg = (path: string): boolean => path.startsWith('pkg/') && !isTest(path);

const textRules: readonly TextRule[] = [
  {
    name: 'only(): leaves out the other tests',
    pattern: /^\s*[\w.]+\.only\s*\(/m,
    appliesTo: (path) => path.endsWith('.test.ts'),
  },
  {
    name: 'process.env: settings come from pkg/process/settings.ts',
    pattern: /\bprocess\.env\b/,
    appliesTo: inPkg,
  },
  { name: 'process.exit: only cmd ends the process', pattern: /\bprocess\.exit\b/, appliesTo: inPkg },
  {
    name: 'time: comes from a Clock',
    // A socket's own setTimeout asks nobody what time it is.
    pattern:
      /\b(?:Date\.now|performance\.now|process\.hrtime|new Date\(\))|(?:globalThis\.|(?<![.\w]))set(?:Timeout|Interval)\b/,
    appliesTo: (path) => inPkg(path) && !clockReaders.has(path),
  },
];

export const keepsTextRules: Rule = (sources) =>
  sources.flatMap((source) =>
    textRules
      .filter((rule) => rule.appliesTo(source.path) && rule.pattern.test(withoutComments(source.text)))
      .map((rule) => `${source.path}: ${rule.name}`),
  );

export const namesAreConcepts: Rule = (sources) =>
  sources
    .filter(({ path }) => /(?:^|\/)(?:utils?|common|helpers?|types|index)(?:\.[a-z.]+|\/.*)$/.test(path))
    .map(({ path }) => `${path}: is named after no concept`);

/** A time limit for the runner may stand before it, and the line that makes a file executable. */
export const headsExplain: Rule = (sources) =>
  sources
    .filter(({ path }) => /^(?:cmd|pkg)\//.test(path) && !isTest(path))
    .filter(({ text }) => !/^(?:#!.*\n)?\/\*\*/.test(text))
    .map(({ path }) => `${path}: begins without a /** comment`);

export const staysShort: Rule = (sources) =>
  sources
    .map((source) => ({ source, lines: countLines(source) }))
    .filter(({ source, lines }) => lines > linesMax(source.path))
    .map(({ source, lines }) => `${source.path}: has ${lines} lines, ${linesMax(source.path)} at most`);

const countLines = ({ text }: Source): number => text.trimEnd().split('\n').length;

/** Good enough for these rules: a `//` inside a string hides the rest of its line, which hides no call on an own line. */
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:])\/\/.*$/gm, '$1');
