import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Answer, Outcome } from './outcome.ts';
import { type FailureKind, failureKinds, type RepeatPolicy, repeatAfterMs } from './repeat.ts';

const answer = (status: number, retryAfterMs?: number): Answer => ({
  kind: 'answer',
  status,
  bytes: 2,
  cut: false,
  json: {},
  code: undefined,
  retryAfterMs,
});
const policy = (on: readonly FailureKind[], rest: Partial<RepeatPolicy> = {}): RepeatPolicy => ({
  repeats: 2,
  on: new Set(on),
  delayMs: 0,
  honourRetryAfter: false,
  ...rest,
});
const network: Outcome = { kind: 'network', reason: 'ECONNRESET' };
const timeout: Outcome = { kind: 'timeout' };

const failures: readonly (readonly [Outcome, readonly FailureKind[]])[] = [
  [network, ['network']],
  [timeout, ['timeout']],
  [answer(500), ['5xx']],
  [answer(503), ['5xx']],
  [answer(429), ['429', '4xx']],
  [answer(400), ['4xx']],
  [answer(200), []],
  [answer(302), []],
  [{ kind: 'given_up' }, []],
];

test('an outcome is repeated on the kinds it is of, and on no other', () => {
  for (const [outcome, kinds] of failures) {
    for (const kind of failureKinds) {
      assert.is(repeatAfterMs(policy([kind]), outcome, 0), kinds.includes(kind) ? 0 : undefined, `${kind}`);
    }
  }
});

test('so many repeats and no more', () => {
  assert.equal(
    [0, 1, 2, 3].map((repeated) => repeatAfterMs(policy(['network']), network, repeated)),
    [0, 0, undefined, undefined],
  );
  assert.is(repeatAfterMs(policy(['network'], { repeats: 0 }), network, 0), undefined);
});

test('Retry-After counts only when it is honoured, never less than the delay, never more than 90 s', () => {
  const wait = (rest: Partial<RepeatPolicy>, seconds: number) =>
    repeatAfterMs(policy(['5xx'], rest), answer(503, seconds * 1_000), 0);
  assert.is(wait({}, 7), 0);
  assert.is(wait({ delayMs: 10 }, 7), 10);
  assert.is(wait({ honourRetryAfter: true }, 7), 7_000);
  assert.is(wait({ honourRetryAfter: true, delayMs: 8_000 }, 7), 8_000);
  assert.is(wait({ honourRetryAfter: true }, 91), 90_000);
});

test.run();
