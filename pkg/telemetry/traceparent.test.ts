import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { traceIdOf } from './traceparent.ts';

const trace = '12345678901234567890123456789012';
const parent = '1234567890123456';

/** From the W3C's own test suite: https://github.com/w3c/trace-context/blob/main/test/test.py */
const valid: Readonly<Record<string, string>> = {
  'version 00': `00-${trace}-${parent}-01`,
  'not sampled': `00-${trace}-${parent}-00`,
  'flags nobody knows': `00-${trace}-${parent}-ff`,
  'a later version': `cc-${trace}-${parent}-01`,
  'a later version with more fields': `cc-${trace}-${parent}-01-what-the-future-will-be-like`,
};

const invalid: Readonly<Record<string, string>> = {
  'version ff': `ff-${trace}-${parent}-01`,
  'version 00 with another field': `00-${trace}-${parent}-01-what-the-future-will-be-like`,
  'version 00 with a hyphen at its end': `00-${trace}-${parent}-01-`,
  'version 00 with a dot': `00-${trace}-${parent}-01.`,
  'a later version with a dot': `cc-${trace}-${parent}-01.what-the-future-will-be-like`,
  'a version of one digit': `0-${trace}-${parent}-01`,
  'a version of three digits': `000-${trace}-${parent}-01`,
  'a version that is no hex': `.0-${trace}-${parent}-01`,
  'no trace': `00-${'0'.repeat(32)}-${parent}-01`,
  'no parent': `00-${trace}-${'0'.repeat(16)}-01`,
  'upper case': `00-${'A'.repeat(32)}-${parent}-01`,
  'a dot in the trace': `00-.${trace.slice(1)}-${parent}-01`,
  'a dot in the parent': `00-${trace}-.${parent.slice(1)}-01`,
  'a trace one digit long': `00-${trace}0-${parent}-01`,
  'a trace one digit short': `00-${trace.slice(1)}-${parent}-01`,
  'a parent one digit long': `00-${trace}-${parent}0-01`,
  'a parent one digit short': `00-${trace}-${parent.slice(1)}-01`,
  'flags of one digit': `00-${trace}-${parent}-1`,
  'flags of three digits': `00-${trace}-${parent}-001`,
  'flags that are no hex': `00-${trace}-${parent}-.0`,
  'two headers': `00-${trace}-${parent}-01, 00-${trace}-${parent}-01`,
  'a line break at its end': `00-${trace}-${parent}-01\n`,
  nothing: '',
  'no hyphens': `00${trace}${parent}01`,
  'more than anybody sends': `cc-${trace}-${parent}-01-${'x'.repeat(300)}`,
};

for (const [why, header] of Object.entries(valid)) {
  test(`takes the trace id: ${why}`, () => assert.is(traceIdOf(header), trace));
}

for (const [why, header] of Object.entries(invalid)) {
  test(`takes nothing: ${why}`, () => assert.is(traceIdOf(header), undefined));
}

test('takes nothing where there is no header', () => assert.is(traceIdOf(undefined), undefined));

test.run();
