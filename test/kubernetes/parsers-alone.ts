/**
 * The short list of what the API server cannot tell and takes: the controller then says InvalidSpec.
 */
import type { Problem } from '../../pkg/errors/problem.ts';
import { tenantLimits } from '../../pkg/process/limits.ts';

interface Rule {
  readonly title: string;
  readonly path: RegExp;
  readonly expected: RegExp;
  /** What breaks it has this in it. */
  readonly text?: RegExp;
  /** Fields of a spec, each of which breaks it. */
  readonly broken: readonly object[];
}

const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
const withBody = (body: unknown) => ({
  actions: [{ name: 'call', input: [], cxone: { method: 'PUT', path: '/', body, output: 'answer' } }],
});
const withPattern = (pattern: string) => ({
  actions: [
    {
      name: 'call',
      input: [{ name: 'word', type: 'String', pattern }],
      cxone: { method: 'PUT', path: '/', output: 'answer' },
    },
  ],
});

export const parsersAlone: readonly Rule[] = [
  {
    title: 'how deep and how long the body of a call is, and that it is free of U+0000',
    path: /\.cxone\.body$/,
    expected: /^JSON of at most/,
    broken: [
      withBody(nested(tenantLimits.cxoneBodyDepthMax + 1)),
      withBody('b'.repeat(tenantLimits.cxoneBodyCharactersMax)),
      withBody(['a\0']),
      withBody({ 'a\0': 1 }),
    ],
  },
  {
    title: 'that names in braces in the body of a call are inputs',
    path: /\.cxone\.body$/,
    expected: /^names of inputs in braces$/,
    broken: [withBody('{nobody}'), withBody({ a: ['x{nobody}'] })],
  },
  {
    title: 'which names Unicode classes and groups of a pattern may have, where versions of RE2 differ',
    path: /\.pattern$/,
    expected: /^a regular expression in RE2 syntax/,
    text: /\\p\{|\(\?P?</,
    broken: [withPattern('\\p{greek}'), withPattern('(?P<n>a)(?P<n>b)')],
  },
];

/** @param texts  all that stand in the spec */
export const isParsersAlone = ({ path, expected }: Problem, texts: readonly string[]): boolean =>
  parsersAlone.some(
    ({ text = /^/, ...rule }) =>
      rule.path.test(path) && rule.expected.test(expected) && texts.some((each) => text.test(each)),
  );
