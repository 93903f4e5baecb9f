import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Expectation, judge } from './judge.ts';
import type { Answer, Outcome, Verdict } from './outcome.ts';

const answer = (status: number, rest: Partial<Answer> = {}): Answer => ({
  kind: 'answer',
  status,
  bytes: 2,
  cut: false,
  json: {},
  code: undefined,
  retryAfterMs: undefined,
  ...rest,
});
const ok: Expectation = { status: 200 };
const conflict: Expectation = { status: 409, code: 'conflict' };

const cases: readonly (readonly [Outcome, Expectation, Verdict])[] = [
  [answer(200), ok, 'as_expected'],
  [answer(200, { json: null }), ok, 'as_expected'],
  [answer(503), ok, 'unexpected'],
  [answer(200, { cut: true, json: undefined }), ok, 'cut'],
  [answer(200, { json: undefined }), ok, 'not_json'],
  [answer(502, { json: undefined }), ok, 'unexpected'],
  [answer(409, { code: 'conflict' }), conflict, 'as_expected'],
  [answer(409, { code: 'other' }), conflict, 'unexpected'],
  [answer(409), conflict, 'unexpected'],
  [answer(200), conflict, 'unexpected'],
  [{ kind: 'timeout' }, ok, 'timeout'],
  [{ kind: 'network', reason: 'ECONNRESET' }, ok, 'network'],
  [{ kind: 'given_up' }, ok, 'given_up'],
];

test('an outcome is what was expected, or has one word for what is wrong with it', () => {
  for (const [outcome, expect, verdict] of cases) assert.is(judge(outcome, expect), verdict, JSON.stringify(outcome));
});

test.run();
