/**
 * The tenant's rate and its token together: whatever calls wait for, they reach the API one turn after the other.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import { createSharedRate } from '../resilience/shared-rate.ts';
import { createApiClient } from './api-client.ts';
import { ExchangeError } from './exchange-error.ts';
import { createTokenSource } from './token-source.ts';

const callsMax = 20;
const turnMs = 100;

/** An API that refuses tokens below `leastToken`, and a token endpoint that takes its time. */
const setUp = ({ tokenMs }: { readonly tokenMs: number }) => {
  const clock = createManualClock();
  const random = () => 0.5;
  const sentAt: number[] = [];
  const tokensSent: string[] = [];
  let leastToken = 1;
  let given = 0;
  const ask = async () => {
    await new Promise<void>((resolve) => clock.after(tokenMs, resolve));
    given += 1;
    return { token: String(given), lifeMs: 3_600_000, apiBase: new URL('https://api.example.com') };
  };
  const client = createApiClient({
    outbound: {
      send: async ({ headers }) => {
        const token = headers.Authorization?.split(' ')[1] ?? '';
        sentAt.push(clock.now());
        tokensSent.push(token);
        if (Number(token) < leastToken) throw new ExchangeError('status', { status: 401 });
        return { status: 200, contentType: 'application/json', body: Buffer.from('{}') };
      },
    },
    tokens: createTokenSource({ ask, clock, random }),
    rate: createSharedRate({
      key: 'k',
      clock,
      random,
      ratePerSecond: 1_000 / turnMs,
      burstMs: turnMs,
      shares: 1,
      queueMax: callsMax,
      pollMinMs: 1,
      lookAgainMs: 250,
      shared: undefined,
    }),
    breaker: { run: (work) => work(), retryAfterMs: () => 0 },
    clock,
    random,
  });
  const deadline = createDeadline(clock, 30_000);
  const calls = (count: number) =>
    Promise.all(
      Array.from({ length: count }, () => client.call({ method: 'GET', path: '/', body: undefined }, deadline)),
    );
  /** Of all that was sent, the least time between two; of a bucket that begins full. */
  const leastGap = () => Math.min(...sentAt.slice(1).map((at, place) => at - (sentAt[place] ?? 0)));
  const revoke = () => {
    leastToken = given + 1;
  };
  return { clock, calls, sentAt, tokensSent, leastGap, revoke };
};

test('calls that wait for a token take no turn meanwhile: once it is there they do not go all at once', async () => {
  const { clock, calls, sentAt, leastGap } = setUp({ tokenMs: 2_000 });
  const done = calls(10);
  await clock.advance(10_000);
  await done;
  assert.is(sentAt.length, 10);
  assert.is(sentAt[0], 2_000);
  assert.ok(leastGap() >= turnMs, `${leastGap()} ms`);
});

test('nor those in the queue when the API refuses the token; with that one nobody else is sent', async () => {
  const { clock, calls, tokensSent, leastGap, revoke } = setUp({ tokenMs: 1_000 });
  const first = calls(1);
  await clock.advance(1_000 + turnMs);
  await first;
  revoke();
  const done = calls(10);
  await clock.advance(20_000);
  await done;
  assert.equal(tokensSent, ['1', '1', ...Array<string>(10).fill('2')]);
  assert.ok(leastGap() >= turnMs, `${leastGap()} ms`);
});

test.run();
