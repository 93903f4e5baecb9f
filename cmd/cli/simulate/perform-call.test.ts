import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../../../pkg/process/manual-clock.ts';
import type { Call } from './call-maker.ts';
import { createCallerBreaker } from './caller-breaker.ts';
import { figuresOf } from './figures.ts';
import type { Answer, Outcome } from './outcome.ts';
import { type PerformOptions, performCall } from './perform-call.ts';
import type { RequestToSend } from './send-request.ts';
import { createTally } from './tally.ts';

const answer = (status: number, json: unknown = {}, retryAfterMs?: number): Answer => ({
  kind: 'answer',
  status,
  bytes: 2,
  cut: false,
  json,
  code: undefined,
  retryAfterMs,
});
const reset: Outcome = { kind: 'network', reason: 'ECONNRESET' };
const callOf = (rest: Partial<Call> = {}): Call => ({
  step: 0,
  body: { action: 'a', input: { tenant_id: 'acme', ids: [1, 2, 3] } },
  headers: {},
  timeoutMs: undefined,
  expect: { status: 200 },
  idempotencyKey: false,
  moreInto: 'ids',
  ...rest,
});

/** Each request takes 10 ms and has the next outcome. */
const openCaller = (outcomes: readonly Outcome[], rest: Partial<PerformOptions> = {}, failedPercent = 0) => {
  const clock = createManualClock();
  const end = new AbortController();
  const tally = createTally(['a']);
  const sent: RequestToSend[] = [];
  const signed: { readonly now: number; readonly id: string }[] = [];
  let ids = 0;
  const options: PerformOptions = {
    clock,
    send: (request) => {
      const outcome = outcomes[sent.length] ?? answer(200);
      sent.push(request);
      return new Promise((resolve) => void clock.after(10, () => resolve(outcome)));
    },
    sign: (_body, now, id) => {
      signed.push({ now, id });
      return { 'X-Signature': `${signed.length}` };
    },
    newId: () => {
      ids += 1;
      return `id-${ids}`;
    },
    timeoutMs: 5_000,
    policy: { repeats: 2, on: new Set(['network', 'timeout', '5xx']), delayMs: 0, honourRetryAfter: false },
    breaker: createCallerBreaker({ clock, rule: { failedPercent, windowMs: 1_000, rateMin: 2, openMs: 1_000 } }),
    tally,
    followMore: false,
    signal: end.signal,
    ...rest,
  };
  const perform = async (call: Call, waitMs = 10_000) => {
    let ok: boolean | undefined;
    void performCall(call, clock.now(), options).then((result) => {
      ok = result;
    });
    await clock.advance(waitMs);
    return ok;
  };
  return { clock, end, tally, sent, signed, perform, figures: () => figuresOf(tally, clock.now()) };
};

test('a call that is answered as expected takes one request', async () => {
  const { perform, sent, figures } = openCaller([answer(200)]);
  assert.is(await perform(callOf({ headers: { 'X-Own': '1' } })), true);
  assert.equal(
    sent.map(({ headers, timeoutMs }) => ({ headers, timeoutMs })),
    [{ headers: { 'X-Own': '1', 'X-Signature': '1' }, timeoutMs: 5_000 }],
  );
  const { ok, latencyMs, answers } = figures();
  assert.equal([ok, answers], [true, [{ status: 200, count: 1 }]]);
  assert.equal(latencyMs.call, { count: 1, p50: 10, p90: 10, p99: 10, max: 10 });
});

test('a failed call is repeated with the same key and message id, signed anew, and is one call', async () => {
  const { perform, sent, signed, figures } = openCaller([reset, answer(503)], {
    policy: { repeats: 2, on: new Set(['network', '5xx']), delayMs: 2_000, honourRetryAfter: false },
  });
  assert.is(await perform(callOf({ idempotencyKey: true })), true);
  assert.equal(
    sent.map(({ headers }) => headers['Idempotency-Key']),
    ['id-1', 'id-1', 'id-1'],
  );
  assert.equal(
    sent.map(({ headers }) => headers['X-Signature']),
    ['1', '2', '3'],
  );
  const start = Date.UTC(2026, 0, 1) / 1_000;
  assert.equal(
    signed,
    [0, 2, 4].map((seconds) => ({ now: start + seconds, id: 'id-1' })),
  );
  const { ok, calls, requests, answers, unanswered, latencyMs } = figures();
  assert.ok(ok, 'a caller notices only that it took longer');
  assert.is(calls.asExpected, 1);
  assert.equal(requests, { sent: 3, repeats: 2 });
  assert.equal(answers, [
    { status: 200, count: 1 },
    { status: 503, count: 1 },
  ]);
  assert.equal(unanswered.network, { ECONNRESET: 1 });
  assert.is(latencyMs.call.max, 4_030);
  assert.is(latencyMs.request.max, 10);
});

test('another call has another key', async () => {
  const { perform, sent } = openCaller([]);
  await perform(callOf({ idempotencyKey: true }));
  await perform(callOf({ idempotencyKey: true }));
  assert.equal(
    sent.map(({ headers }) => headers['Idempotency-Key']),
    ['id-1', 'id-2'],
  );
});

test('after the last repeat, the last outcome is the call: three times in all', async () => {
  const { perform, figures } = openCaller([answer(503), reset, { kind: 'timeout' }]);
  assert.is(await perform(callOf()), false);
  const { ok, troubles, requests } = figures();
  assert.equal([ok, troubles.timeout, requests.sent], [false, 1, 3]);
});

test('what is not a failure is not repeated, and may be what was expected', async () => {
  const { perform, figures } = openCaller([answer(400), answer(409)]);
  assert.is(await perform(callOf()), false);
  assert.is(await perform(callOf({ expect: { status: 409 } })), true);
  const { requests, troubles } = figures();
  assert.equal([requests.sent, troubles.unexpected], [2, 1]);
});

test('while the breaker is open, calls are not made; repeats stop and keep their outcome', async () => {
  const { perform, sent, figures } = openCaller([reset, reset], {}, 100);
  assert.is(await perform(callOf(), 100), false);
  assert.is(await perform(callOf(), 100), false);
  const { troubles, breaker, latencyMs } = figures();
  assert.is(sent.length, 2);
  assert.equal([troubles.network, troubles.breaker_open], [1, 1]);
  assert.is(breaker.refused, 1);
  assert.is(latencyMs.call.count, 1, 'what was never made took no time');
  assert.is(await perform(callOf(), 2_000), false, 'still open when it is asked');
  assert.is(await perform(callOf()), true, 'closed again');
});

test('what is left in more is asked for with the keys that are left, until nothing is', async () => {
  const { perform, sent, figures } = openCaller(
    [answer(200, { output: { more: [2, 3] } }), answer(200, { output: { more: [3] } }), answer(200, { output: {} })],
    { followMore: true },
  );
  assert.is(await perform(callOf({ idempotencyKey: true })), true);
  assert.equal(
    sent.map(({ body }) => JSON.parse(body.toString()).input.ids),
    [[1, 2, 3], [2, 3], [3]],
  );
  assert.is(new Set(sent.map(({ headers }) => headers['Idempotency-Key'])).size, 3);
  const { calls, more } = figures();
  assert.equal(
    calls,
    { wanted: 2, asExpected: 3, wrong: 0, givenUp: 0 },
    'the first one is counted by whoever wants it',
  );
  assert.equal(more, { answers: 2, pages: 2 });
});

test('more that does not become less is trouble, and ends', async () => {
  for (const more of [
    [1, 2, 3],
    [1, 2, 3, 4],
  ]) {
    const { perform, sent, figures } = openCaller([answer(200, { output: { more } })], { followMore: true });
    assert.is(await perform(callOf()), false);
    assert.equal([sent.length, figures().troubles.more_stuck], [1, 1]);
  }
});

test('without following, more is only counted', async () => {
  const { perform, sent, figures } = openCaller([answer(200, { output: { more: [3] } })]);
  assert.is(await perform(callOf()), true);
  assert.equal([sent.length, figures().more], [1, { answers: 1, pages: 0 }]);
});

test('the end of the run ends a pause before a repeat; the call is given up, not wrong', async () => {
  const policy = { repeats: 2, on: new Set(['5xx'] as const), delayMs: 0, honourRetryAfter: true };
  const { perform, clock, end, sent, figures } = openCaller([answer(503, {}, 60_000)], { policy });
  assert.is(await perform(callOf(), 1_000), undefined);
  end.abort();
  await clock.advance(0);
  assert.equal([sent.length, figures().calls], [1, { wanted: 0, asExpected: 0, wrong: 0, givenUp: 1 }]);
  assert.is(clock.pending(), 0);
});

test.run();
