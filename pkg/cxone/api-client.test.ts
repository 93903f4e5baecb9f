import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAppError } from '../errors/app-error.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createBreaker } from '../resilience/breaker.ts';
import { createDeadline } from '../resilience/deadline.ts';
import type { CxoneMethod } from '../tenant/cxone-action-spec.ts';
import { createApiClient, type ExchangeOutcome, isApiFailure } from './api-client.ts';
import { ExchangeError } from './exchange-error.ts';
import type { OutboundRequest } from './outbound.ts';
import type { Session } from './token-source.ts';

type Step = ExchangeError | string | 'hang';

const status = (code: number, retryAfterMs?: number) => new ExchangeError('status', { status: code, retryAfterMs });
const connect = new ExchangeError('connect');
const network = new ExchangeError('network');

/** @param steps  what the API does to each request, in order; then it answers `{}` */
const setUp = (steps: readonly Step[], { refusals = 5, apiBase = 'https://api.example.com/base/' } = {}) => {
  const clock = createManualClock();
  const script = [...steps];
  const sent: OutboundRequest[] = [];
  const outcomes: ExchangeOutcome[] = [];
  const counted = { turns: 0, sessions: 0, refused: 0 };
  let token = 1;
  const session = (): Session => ({ token: `t${token}`, apiBase: new URL(apiBase) });
  const breaker = createBreaker({
    name: 'cxone',
    clock,
    timeoutMs: 61_000,
    failures: 5,
    windowMs: 10_000,
    probeIntervalMs: 10_000,
    isFailure: isApiFailure,
  });
  const client = createApiClient({
    outbound: {
      send: async (request, deadline) => {
        sent.push(request);
        const step = script.shift() ?? '{}';
        if (step instanceof ExchangeError) throw step;
        if (step === 'hang') {
          const startedAt = clock.now();
          await deadline.race(new Promise(() => {})).catch(() => {
            throw new ExchangeError('timeout', { waitedMs: clock.now() - startedAt });
          });
        }
        return { status: 200, contentType: 'application/json', body: Buffer.from(step) };
      },
    },
    tokens: {
      session: async () => {
        counted.sessions += 1;
        return session();
      },
      held: session,
      refuse: () => {
        counted.refused += 1;
        token += 1;
        return counted.refused <= refusals;
      },
    },
    rate: {
      waiting: 0,
      turn: async () => {
        counted.turns += 1;
      },
    },
    breaker,
    clock,
    random: () => 0.5,
    onExchange: (outcome) => void outcomes.push(outcome),
  });

  /** Moves time on in small steps until the call has ended. */
  const call = async (method: CxoneMethod = 'GET', budgetMs = 5_000) => {
    const deadline = createDeadline(clock, budgetMs);
    const body = method === 'GET' || method === 'DELETE' ? undefined : '{"a":1}';
    let end: { text: string | undefined } | { error: unknown } | undefined;
    client.call({ method, path: '/p?q=1', body }, deadline).then(
      (text) => {
        end = { text };
      },
      (error: unknown) => {
        end = { error };
      },
    );
    await clock.advance(0);
    for (let step = 0; end === undefined && step < 1_000; step += 1) await clock.advance(50);
    deadline.close();
    if (end && 'text' in end) return { text: end.text, code: 'answered', retryAfterMs: undefined, told: '' };
    const error = end?.error;
    if (!isAppError(error)) throw error;
    return { text: undefined, code: error.code, retryAfterMs: error.retryAfterMs, told: error.publicMessage };
  };
  return { clock, call, sent, outcomes, counted, breaker };
};

test('a call goes to the base with its path, the token and the type of its body', async () => {
  const { call, sent, counted, outcomes } = setUp(['{"n":1}', '{}']);
  assert.is((await call()).text, '{"n":1}');
  await call('POST');
  assert.equal(
    sent.map(({ method, origin, path, headers, body }) => ({ method, origin, path, headers, body })),
    [
      {
        method: 'GET',
        origin: 'https://api.example.com',
        path: '/base/p?q=1',
        headers: { Accept: 'application/json', Authorization: 'Bearer t1' },
        body: undefined,
      },
      {
        method: 'POST',
        origin: 'https://api.example.com',
        path: '/base/p?q=1',
        headers: { Accept: 'application/json', Authorization: 'Bearer t1', 'Content-Type': 'application/json' },
        body: '{"a":1}',
      },
    ],
  );
  assert.equal(counted, { turns: 2, sessions: 2, refused: 0 });
  assert.equal(outcomes, ['2xx', '2xx']);
  assert.is((await setUp(['']).call()).text, undefined);
});

interface Case {
  readonly method: CxoneMethod;
  readonly steps: readonly Step[];
  readonly code: string;
  readonly sent: number;
  readonly retryAfterMs?: number;
}
const cases: Readonly<Record<string, Case>> = {
  '429 with Retry-After, then an answer': { method: 'GET', steps: [status(429, 1_000)], code: 'answered', sent: 2 },
  '429 without, then an answer': { method: 'GET', steps: [status(429), status(429)], code: 'answered', sent: 3 },
  '429 of a POST is repeated too': { method: 'POST', steps: [status(429)], code: 'answered', sent: 2 },
  '429 of a PATCH is repeated too': { method: 'PATCH', steps: [status(429)], code: 'answered', sent: 2 },
  '429 four times': {
    method: 'GET',
    steps: Array(4).fill(status(429, 500)),
    code: 'cxone_unavailable',
    sent: 4,
    retryAfterMs: 1_000,
  },
  '429 with a wait that does not fit': {
    method: 'GET',
    steps: [status(429, 9_000)],
    code: 'cxone_unavailable',
    sent: 1,
    retryAfterMs: 9_000,
  },
  '5xx, then an answer': { method: 'GET', steps: [status(500), status(503, 100)], code: 'answered', sent: 3 },
  '5xx of a PUT': { method: 'PUT', steps: [status(502)], code: 'answered', sent: 2 },
  '5xx of a DELETE': { method: 'DELETE', steps: [status(504)], code: 'answered', sent: 2 },
  '5xx four times': {
    method: 'GET',
    steps: Array(4).fill(status(500)),
    code: 'cxone_unavailable',
    sent: 4,
    retryAfterMs: 1_000,
  },
  '5xx of a POST': { method: 'POST', steps: [status(500)], code: 'cxone_failed', sent: 1 },
  '5xx of a PATCH, Retry-After or not': { method: 'PATCH', steps: [status(503, 100)], code: 'cxone_failed', sent: 1 },
  'a broken connection, then an answer': { method: 'GET', steps: [network], code: 'answered', sent: 2 },
  'a broken connection of a POST': { method: 'POST', steps: [network], code: 'cxone_failed', sent: 1 },
  'no connection for a POST: nothing was sent': { method: 'POST', steps: [connect], code: 'answered', sent: 2 },
  'no connection at all': {
    method: 'POST',
    steps: Array(4).fill(connect),
    code: 'cxone_unavailable',
    sent: 4,
    retryAfterMs: 1_000,
  },
  '401, then an answer with a new token': { method: 'POST', steps: [status(401)], code: 'answered', sent: 2 },
  '401 twice': { method: 'GET', steps: [status(401), status(401)], code: 'cxone_failed', sent: 2 },
  '401, then 500, then an answer': { method: 'GET', steps: [status(401), status(500)], code: 'answered', sent: 3 },
  'a redirect': { method: 'GET', steps: [status(302)], code: 'cxone_failed', sent: 1 },
  '400': { method: 'GET', steps: [status(400)], code: 'cxone_failed', sent: 1 },
  '404': { method: 'GET', steps: [status(404, 100)], code: 'cxone_failed', sent: 1 },
  'an address that may not be called': {
    method: 'GET',
    steps: [new ExchangeError('address_refused')],
    code: 'cxone_failed',
    sent: 1,
  },
  garbage: { method: 'GET', steps: ['<html>'], code: 'cxone_failed', sent: 1 },
  'garbage of a POST': { method: 'POST', steps: ['{'], code: 'cxone_failed', sent: 1 },
  'no answer': { method: 'GET', steps: ['hang'], code: 'deadline_exceeded', sent: 1 },
};
for (const [title, { method, steps, code, sent, retryAfterMs }] of Object.entries(cases)) {
  test(title, async () => {
    const { call, sent: requests, clock } = setUp(steps);
    const end = await call(method);
    assert.is(end.code, code);
    assert.is(requests.length, sent);
    if (end.code === 'cxone_unavailable') assert.is(end.retryAfterMs, retryAfterMs);
    else assert.is(end.retryAfterMs, undefined);
    assert.is(clock.pending(), 0);
  });
}

test('the wait is the one that was asked for, else it grows', async () => {
  const { call, clock } = setUp([status(429, 1_000), status(429), status(429)]);
  await call('GET', 10_000);
  // 1000, then half of the way to 200 ms and to 400 ms, in steps of 50 ms.
  assert.is(clock.now(), 1_000 + 150 + 250);
});

test('each try waits its turn; a 401 is one more', async () => {
  const { call, counted } = setUp([status(429), status(401)]);
  await call();
  assert.equal(counted, { turns: 3, sessions: 3, refused: 1 });
});

test('a 401 that no new token would cure is told at once', async () => {
  const { call, sent } = setUp([status(401)], { refusals: 0 });
  assert.is((await call()).code, 'cxone_failed');
  assert.is(sent.length, 1);
});

test('a caller hears the status, and that nobody knows how a change ended', async () => {
  assert.is((await setUp([status(404)]).call()).told, 'The CXone API answered 404');
  assert.match((await setUp([status(500)]).call('POST')).told, 'not known');
});

test('outcomes are words of a closed list', async () => {
  const { call, outcomes } = setUp([status(429), connect, status(302), status(404), status(500), '<', 'hang']);
  for (let n = 0; n < 5; n += 1) await call();
  assert.equal(outcomes, ['429', 'error', '3xx', '4xx', '5xx', '2xx', 'timeout', '2xx']);
});

test('the breaker opens after five failures, refuses at once with its own wait, and lets one call through', async () => {
  const { call, sent, counted, clock } = setUp(Array(5).fill(status(500)));
  assert.is((await call()).code, 'cxone_unavailable');
  assert.is((await call()).code, 'cxone_unavailable');
  assert.is(sent.length, 5);
  const turns = counted.turns;
  const refused = await call();
  assert.is(refused.code, 'cxone_unavailable');
  assert.ok((refused.retryAfterMs ?? 0) > 9_000);
  assert.is(counted.turns, turns, 'nobody waits for what is refused');
  await clock.advance(10_000);
  assert.is((await call()).code, 'answered');
  assert.is(sent.length, 6);
});

test('whoever answers is there: 4xx and garbage never open it, and start the count over', async () => {
  const { call, breaker } = setUp([...Array(20).fill(status(404)), ...Array(20).fill('<')]);
  for (let n = 0; n < 40; n += 1) await call();
  assert.is(breaker.state(), 'closed');
  const mixed = setUp([status(500), status(500), status(500), status(404), status(500), status(500)]);
  await mixed.call();
  await mixed.call();
  assert.is(mixed.breaker.state(), 'closed');
});

test('no answer counts against the API only where it had time to', async () => {
  const hasty = setUp(Array(5).fill('hang'));
  for (let n = 0; n < 5; n += 1) assert.is((await hasty.call('GET', 999)).code, 'deadline_exceeded');
  assert.is(hasty.breaker.state(), 'closed');
  const patient = setUp(Array(5).fill('hang'));
  for (let n = 0; n < 5; n += 1) assert.is((await patient.call('GET', 1_000)).code, 'deadline_exceeded');
  assert.is(patient.breaker.state(), 'open');
});

test.run();
