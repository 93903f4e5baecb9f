import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { simulateLimits } from '../../../pkg/process/simulate-limits.ts';
import { figuresOf } from './figures.ts';
import type { Answer } from './outcome.ts';
import { progressText } from './progress.ts';
import { tableText } from './table.ts';
import { countCall, countRequest, createTally } from './tally.ts';

const answer = (status: number, code?: string, cut = false): Answer => ({
  kind: 'answer',
  status,
  bytes: 2,
  cut,
  json: {},
  code,
  retryAfterMs: undefined,
});

const someRun = () => {
  const tally = createTally(['lookup', 'update']);
  tally.wanted = 6;
  tally.sent = 6;
  tally.repeats = 1;
  countRequest(tally, answer(200), 10);
  countRequest(tally, answer(200, undefined, true), 10);
  countRequest(tally, answer(503, 'overloaded'), 10);
  countRequest(tally, { kind: 'timeout' }, 5_000);
  countRequest(tally, { kind: 'network', reason: 'ECONNRESET' }, 1);
  countRequest(tally, { kind: 'given_up' }, 99_999);
  countCall(tally, { step: 0, verdict: 'as_expected', ms: 20 });
  countCall(tally, { step: 0, verdict: 'cut', ms: 10 });
  countCall(tally, { step: 1, verdict: 'unexpected', ms: 10 });
  countCall(tally, { step: 1, verdict: 'timeout', ms: 5_000 });
  countCall(tally, { step: 1, verdict: 'breaker_open' });
  countCall(tally, { step: 1, verdict: 'given_up', ms: 99_999 });
  return tally;
};

test('calls, requests and answers are counted each as what it is', () => {
  const figures = figuresOf(someRun(), 1_234.5);
  assert.is(figures.ok, false);
  assert.is(figures.elapsedMs, 1_235);
  assert.equal(figures.calls, { wanted: 6, asExpected: 1, wrong: 4, givenUp: 1 });
  assert.equal(
    Object.entries(figures.troubles).filter(([, count]) => count > 0),
    [
      ['unexpected', 1],
      ['cut', 1],
      ['timeout', 1],
      ['breaker_open', 1],
    ],
  );
  assert.equal(figures.answers, [
    { status: 200, count: 2 },
    { status: 503, code: 'overloaded', count: 1 },
  ]);
  assert.equal(figures.unanswered, { timeout: 1, network: { ECONNRESET: 1 } });
  assert.is(figures.cut, 1);
  assert.equal(figures.latencyMs.call.count, 4, 'without those that were never made or given up');
  assert.equal(figures.latencyMs.request.max, 5_000);
  assert.equal(
    figures.steps.map(({ action, calls, wrong }) => [action, calls, wrong]),
    [
      ['lookup', 2, 1],
      ['update', 3, 3],
    ],
  );
});

test('all is well when every judged call was as expected, and there was one', () => {
  const tally = createTally(['a']);
  assert.not(figuresOf(tally, 1).ok);
  countCall(tally, { step: 0, verdict: 'given_up' });
  assert.not(figuresOf(tally, 1).ok);
  countCall(tally, { step: 0, verdict: 'as_expected', ms: 1 });
  assert.ok(figuresOf(tally, 1).ok);
  countCall(tally, { step: 0, verdict: 'queue_full' });
  assert.not(figuresOf(tally, 1).ok);
});

test('a service that makes up codes does not fill the memory', () => {
  const tally = createTally(['a']);
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  for (const first of letters) for (const last of letters) countRequest(tally, answer(400, first + last), 1);
  const { answers } = figuresOf(tally, 1);
  assert.is(answers.length, simulateLimits.answerKindsMax + 1);
  const other = answers.find(({ status }) => status === 'other');
  assert.is(other?.count, letters.length ** 2 - simulateLimits.answerKindsMax);
});

test('the table shows what happened and leaves out what did not', () => {
  const text = tableText(figuresOf(someRun(), 60_000));
  for (const row of [
    /^60\.0 s, 0\.1 calls\/s$/m,
    /^ {2}calls +6$/m,
    /^ {4}given up at the end +1$/m,
    /^ {2}503 overloaded +1$/m,
    /^ {2}network ECONNRESET +1$/m,
    /^ {2}cut \(an answer longer than 32,768 bytes\) +1$/m,
    /^ {2}request +10 +5,000 +5,000 +5,000$/m,
    /^ {2}2\. update +3 +3 /m,
    /^NOT OK$/m,
  ]) {
    assert.match(text, row);
  }
  assert.not.match(text, 'calls that queued');
  assert.not.match(text, 'queue_full');
});

test('progress in one line', () => {
  const line = progressText(someRun(), { inFlight: 3, waiting: 2 }, 12_900);
  assert.is(line, '12 s: 5 calls, 4 wrong, 3 in flight, 2 queued, p99 5000 ms');
});

test.run();
