import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { problemText } from './problem.ts';

const cases: readonly (readonly [path: string, expected: string, text: string])[] = [
  ['input.x', 'UUID', 'input.x: expected UUID'],
  ['', 'at most 5 bytes', 'expected at most 5 bytes'],
  ['spec.x', 'required', 'spec.x: required'],
  ['cxone', 'required by an action of kind cxone', 'cxone: required by an action of kind cxone'],
  ['spec.x', 'no such field', 'spec.x: no such field'],
  ['', 'required', 'required'],
  ['x', 'requiredness', 'x: expected requiredness'],
];

for (const [path, expected, text] of cases) {
  test(`a problem reads: ${text}`, () => assert.is(problemText({ path, expected }), text));
}

test.run();
