/** The breaker without a probe: a real call takes its place. The rest is in breaker.test.ts. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../process/manual-clock.ts';
import { type Breaker, BreakerOpenError, type BreakerState, createBreaker, TimeoutError } from './breaker.ts';

const down = new Error('down');
const harmless = new Error('harmless');
const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

const setUp = (timeoutMs = 60_000) => {
  const clock = createManualClock();
  const states: BreakerState[] = [];
  const breaker = createBreaker({
    name: 'cxone',
    clock,
    timeoutMs,
    failures: 2,
    windowMs: 10_000,
    probeIntervalMs: 10_000,
    isFailure: (error) => error !== harmless,
    hooks: { onState: (state) => void states.push(state) },
  });
  return { clock, breaker, states };
};

const failWith = (breaker: Breaker, error: Error) => errorOf(breaker.run(() => Promise.reject(error)));

const open = async (breaker: Breaker): Promise<void> => {
  await failWith(breaker, down);
  await failWith(breaker, down);
  assert.is(breaker.state(), 'open');
};

test('an error that is no failure counts for nothing: neither opens nor starts over', async () => {
  const { breaker } = setUp();
  for (let i = 0; i < 5; i += 1) assert.is(await failWith(breaker, harmless), harmless);
  assert.is(breaker.state(), 'closed');
  await failWith(breaker, down);
  await failWith(breaker, harmless);
  await failWith(breaker, down);
  assert.is(breaker.state(), 'open');
  breaker.close();
});

test('open: says how long, and refuses until then', async () => {
  const { clock, breaker } = setUp();
  assert.is(breaker.retryAfterMs(), 0);
  await open(breaker);
  assert.is(breaker.retryAfterMs(), 10_000);
  await clock.advance(9_999);
  assert.is(breaker.retryAfterMs(), 1);
  assert.instance(await errorOf(breaker.run(async () => 1)), BreakerOpenError);
  breaker.close();
});

test('half-open after the interval, without a call: the next one is let through, alone', async () => {
  const { clock, breaker, states } = setUp();
  await open(breaker);
  await clock.advance(10_000);
  assert.is(breaker.state(), 'half-open');
  assert.is(breaker.retryAfterMs(), 0);
  const answer = Promise.withResolvers<string>();
  const trial = breaker.run(() => answer.promise);
  assert.instance(await errorOf(breaker.run(async () => 1)), BreakerOpenError);
  answer.resolve('fine');
  assert.is(await trial, 'fine');
  assert.is(await breaker.run(async () => 'more'), 'more');
  assert.equal(states, ['open', 'half-open', 'closed']);
  assert.is(clock.pending(), 0);
  breaker.close();
});

test('half-open: a call that fails opens again, for another interval', async () => {
  const { clock, breaker, states } = setUp();
  await open(breaker);
  await clock.advance(10_000);
  assert.is(await failWith(breaker, down), down);
  assert.is(breaker.state(), 'open');
  assert.is(breaker.retryAfterMs(), 10_000);
  await clock.advance(10_000);
  assert.equal(states, ['open', 'half-open', 'open', 'half-open']);
  breaker.close();
});

test('half-open: a call that is neither leaves it to the next', async () => {
  const { clock, breaker } = setUp();
  await open(breaker);
  await clock.advance(10_000);
  assert.is(await failWith(breaker, harmless), harmless);
  assert.is(breaker.state(), 'half-open');
  assert.is(await breaker.run(async () => 'fine'), 'fine');
  assert.is(breaker.state(), 'closed');
  breaker.close();
});

test('half-open: a call that throws at once has failed', async () => {
  const { clock, breaker } = setUp();
  await open(breaker);
  await clock.advance(10_000);
  const error = await errorOf(
    breaker.run(() => {
      throw down;
    }),
  );
  assert.is(error, down);
  assert.is(breaker.state(), 'open');
  breaker.close();
});

test('half-open: a call without an answer ends with TimeoutError and opens again; its late success changes nothing', async () => {
  const { clock, breaker } = setUp(100);
  await open(breaker);
  await clock.advance(10_000);
  const answer = Promise.withResolvers<string>();
  const trial = errorOf(breaker.run(() => answer.promise));
  await clock.advance(100);
  assert.instance(await trial, TimeoutError);
  assert.is(breaker.state(), 'open');
  answer.resolve('late');
  await clock.advance(0);
  assert.is(breaker.state(), 'open');
  breaker.close();
});

test('probeNow makes the next call the trial', async () => {
  const { clock, breaker } = setUp();
  await open(breaker);
  breaker.probeNow();
  assert.is(breaker.state(), 'half-open');
  assert.is(await breaker.run(async () => 'fine'), 'fine');
  assert.is(breaker.state(), 'closed');
  assert.is(clock.pending(), 0);
  breaker.close();
});

test('after close a trial under way still ends at its time-out', async () => {
  const { clock, breaker } = setUp(100);
  await open(breaker);
  await clock.advance(10_000);
  const trial = errorOf(breaker.run(() => new Promise(() => {})));
  breaker.close();
  await clock.advance(100);
  assert.instance(await trial, TimeoutError);
  assert.is(clock.pending(), 0);
});

test('after close no timer is left, and what is asked still gets an end', async () => {
  const { clock, breaker, states } = setUp();
  await open(breaker);
  await clock.advance(10_000);
  breaker.close();
  const before = [...states];
  assert.is(await breaker.run(async () => 'fine'), 'fine');
  assert.is(clock.pending(), 0);
  assert.equal(states, before);
});

test.run();
