import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock, type ManualClock } from '../process/manual-clock.ts';
import { type Breaker, BreakerOpenError, type BreakerState, createBreaker, TimeoutError } from './breaker.ts';

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

const mustNotRun = (): Promise<never> => {
  throw new Error('must not run');
};

/** The dependency's answers to probes are what `probes` holds; each probe waits for its own. */
const setUp = (timeoutMs = 60_000) => {
  const clock = createManualClock();
  const states: BreakerState[] = [];
  const probes: PromiseWithResolvers<void>[] = [];
  const breaker = createBreaker({
    name: 'redis',
    clock,
    timeoutMs,
    failures: 5,
    windowMs: 10_000,
    probe: () => {
      const probe = Promise.withResolvers<void>();
      probes.push(probe);
      return probe.promise;
    },
    probeIntervalMs: 30_000,
    hooks: { onState: (state) => void states.push(state) },
  });
  return { clock, breaker, states, probes };
};

const fail = async (breaker: Breaker, times = 1): Promise<void> => {
  for (let i = 0; i < times; i += 1) await errorOf(breaker.run(() => Promise.reject(new Error('down'))));
};

const succeed = (breaker: Breaker) => breaker.run(async () => 'fine');

const settle = (clock: ManualClock) => clock.advance(0);

test('closed: passes results and errors through as they are', async () => {
  const { breaker } = setUp();
  const fault = new Error('fault');
  assert.is(await succeed(breaker), 'fine');
  assert.is(await errorOf(breaker.run(() => Promise.reject(fault))), fault);
  assert.is(fault.message, 'fault');
  breaker.close();
});

test('closed: work that throws at once is a failure', async () => {
  const { breaker } = setUp();
  for (let i = 0; i < 5; i += 1) {
    const error = await errorOf(
      breaker.run(() => {
        throw new Error('at once');
      }),
    );
    assert.is(error instanceof Error && error.message, 'at once');
  }
  assert.is(breaker.state(), 'open');
  breaker.close();
});

test('opens at the fifth failure in a row, not at the fourth', async () => {
  const { breaker, states } = setUp();
  await fail(breaker, 4);
  assert.is(breaker.state(), 'closed');
  await fail(breaker);
  assert.is(breaker.state(), 'open');
  assert.equal(states, ['open']);
  breaker.close();
});

test('a success in between starts the count over', async () => {
  const { breaker } = setUp();
  await fail(breaker, 4);
  await succeed(breaker);
  await fail(breaker, 4);
  assert.is(breaker.state(), 'closed');
  breaker.close();
});

test('five failures count only within the window, its last millisecond included', async () => {
  for (const [spanMs, state] of [
    [10_000, 'open'],
    [10_001, 'closed'],
  ] as const) {
    const { clock, breaker } = setUp();
    await fail(breaker, 4);
    await clock.advance(spanMs);
    await fail(breaker);
    assert.is(breaker.state(), state);
    breaker.close();
  }
});

test('the window slides: an old failure is replaced by the next', async () => {
  const { clock, breaker } = setUp();
  await fail(breaker);
  await clock.advance(10_001);
  await fail(breaker, 4);
  assert.is(breaker.state(), 'closed');
  await fail(breaker);
  assert.is(breaker.state(), 'open');
  breaker.close();
});

test('open: refuses at once without running the work', async () => {
  const { breaker } = setUp();
  await fail(breaker, 5);
  assert.instance(await errorOf(breaker.run(mustNotRun)), BreakerOpenError);
  breaker.close();
});

test('open: the first probe comes after the interval, not before, and makes it half-open', async () => {
  const { clock, breaker, probes, states } = setUp();
  await fail(breaker, 5);
  await clock.advance(29_999);
  assert.is(probes.length, 0);
  await clock.advance(1);
  assert.is(probes.length, 1);
  assert.is(breaker.state(), 'half-open');
  assert.equal(states, ['open', 'half-open']);
  breaker.close();
});

test('half-open: calls are refused, and no second probe starts', async () => {
  const { clock, breaker, probes } = setUp();
  await fail(breaker, 5);
  await clock.advance(30_000);
  assert.instance(await errorOf(succeed(breaker)), BreakerOpenError);
  breaker.probeNow();
  await clock.advance(59_999);
  assert.is(probes.length, 1);
  breaker.close();
});

test('half-open: a probe that succeeds closes', async () => {
  const { clock, breaker, probes, states } = setUp();
  await fail(breaker, 5);
  await clock.advance(30_000);
  probes[0]?.resolve();
  await settle(clock);
  assert.is(breaker.state(), 'closed');
  assert.is(await succeed(breaker), 'fine');
  assert.equal(states, ['open', 'half-open', 'closed']);
  assert.is(clock.pending(), 0);
  breaker.close();
});

test('half-open: a probe that fails opens again, for another interval', async () => {
  const { clock, breaker, probes, states } = setUp();
  await fail(breaker, 5);
  await clock.advance(30_000);
  probes[0]?.reject(new Error('still down'));
  await settle(clock);
  assert.is(breaker.state(), 'open');
  await clock.advance(29_999);
  assert.is(probes.length, 1);
  await clock.advance(1);
  assert.is(probes.length, 2);
  assert.equal(states, ['open', 'half-open', 'open', 'half-open']);
  breaker.close();
});

test('half-open: a probe without an answer fails at the time-out, and its late success changes nothing', async () => {
  const { clock, breaker, probes } = setUp(100);
  await fail(breaker, 5);
  await clock.advance(30_099);
  assert.is(breaker.state(), 'half-open');
  await clock.advance(1);
  assert.is(breaker.state(), 'open');
  probes[0]?.resolve();
  await settle(clock);
  assert.is(breaker.state(), 'open');
  breaker.close();
});

test('half-open: a probe that throws at once has failed', async () => {
  const clock = createManualClock();
  const probe = (): Promise<void> => {
    throw new Error('at once');
  };
  const breaker = createBreaker({
    name: 'redis',
    clock,
    timeoutMs: 60_000,
    failures: 1,
    windowMs: 10_000,
    probe,
    probeIntervalMs: 1_000,
  });
  await fail(breaker);
  await clock.advance(1_000);
  assert.is(breaker.state(), 'open');
  assert.is(clock.pending(), 1);
  breaker.close();
});

test('closed again: it takes five new failures to open, even within the window of the old ones', async () => {
  const { clock, breaker, probes } = setUp();
  await fail(breaker, 5);
  breaker.probeNow();
  probes[0]?.resolve();
  await settle(clock);
  await fail(breaker, 4);
  assert.is(breaker.state(), 'closed');
  await fail(breaker);
  assert.is(breaker.state(), 'open');
  breaker.close();
});

test('closed again: calls begun before it opened are not held against it', async () => {
  const { clock, breaker, probes } = setUp();
  const old = Promise.withResolvers<void>();
  const slow = Array.from({ length: 20 }, () => errorOf(breaker.run(() => old.promise)));
  await fail(breaker, 5);
  await clock.advance(30_000);
  probes[0]?.resolve();
  await settle(clock);
  old.reject(new Error('old'));
  await Promise.all(slow);
  assert.is(breaker.state(), 'closed');
  breaker.close();
});

test('probeNow does not wait for the interval, and begins a new one', async () => {
  const { clock, breaker, probes } = setUp();
  breaker.probeNow();
  assert.is(probes.length, 0, 'nothing to probe while closed');
  await fail(breaker, 5);
  await clock.advance(10_000);
  breaker.probeNow();
  assert.is(probes.length, 1);
  probes[0]?.reject(new Error('still down'));
  await clock.advance(29_999);
  assert.is(probes.length, 1);
  await clock.advance(1);
  assert.is(probes.length, 2);
  breaker.close();
});

test('work without an answer ends with TimeoutError, and counts as a failure', async () => {
  const { clock, breaker } = setUp(100);
  const errors = Promise.all(Array.from({ length: 5 }, () => errorOf(breaker.run(() => new Promise(() => {})))));
  await clock.advance(99);
  assert.is(breaker.state(), 'closed');
  await clock.advance(1);
  for (const error of await errors) assert.instance(error, TimeoutError);
  assert.is(breaker.state(), 'open');
  breaker.close();
});

test("keeps each caller's AsyncLocalStorage, in the work and after it", async () => {
  const { breaker } = setUp();
  const storage = new AsyncLocalStorage<number>();
  const seen = await Promise.all(
    Array.from({ length: 20 }, (_, id) =>
      storage.run(id, () => {
        const run = breaker.run(async () => storage.getStore());
        return run.then((inWork) => [inWork, storage.getStore()]);
      }),
    ),
  );
  assert.equal(
    seen,
    Array.from({ length: 20 }, (_, id) => [id, id]),
  );
  breaker.close();
});

test('closed by its own hook, or by the probe itself: nothing begins after that, and no timer is left', async () => {
  for (const closedBy of ['hook', 'probe'] as const) {
    const clock = createManualClock();
    let probes = 0;
    const breaker = createBreaker({
      ...{ name: 'redis', clock, timeoutMs: 100, failures: 1, windowMs: 10_000, probeIntervalMs: 30_000 },
      probe: () => {
        probes += 1;
        if (closedBy === 'probe') breaker.close();
        return new Promise(() => {});
      },
      hooks: { onState: (state) => void (closedBy === 'hook' && state === 'half-open' && breaker.close()) },
    });
    await fail(breaker);
    await clock.advance(30_000);
    assert.is(probes, closedBy === 'probe' ? 1 : 0, closedBy);
    assert.is(clock.pending(), 0, closedBy);
  }
});

test('after close no timer is left and nothing changes, whatever the state was', async () => {
  for (const reach of ['closed', 'open', 'half-open'] as const) {
    const { clock, breaker, probes, states } = setUp();
    if (reach !== 'closed') await fail(breaker, 5);
    if (reach === 'half-open') breaker.probeNow();
    assert.is(breaker.state(), reach);
    const before = [...states];
    breaker.close();
    breaker.close();
    assert.is(clock.pending(), 0, reach);
    breaker.probeNow();
    probes[0]?.resolve();
    await settle(clock);
    await fail(breaker, 5);
    assert.is(breaker.state(), reach);
    assert.equal(states, before);
    assert.is(clock.pending(), 0, reach);
  }
});

test('leaves none of the package’s own timers behind', async () => {
  // Not process.getActiveResourcesInfo(): it does not list timers that do not keep the process alive, as these do not.
  // Bluebird looks for unhandled rejections one millisecond after each; those timers end by themselves.
  const live = new Map<number, string>();
  const hook = createHook({
    init: (id, type) => {
      const { stack = '' } = new Error();
      if (type === 'Timeout' && !stack.includes('deferUnhandledRejectionCheck')) live.set(id, stack);
    },
    destroy: (id) => void live.delete(id),
  }).enable();
  const { clock, breaker, probes } = setUp();
  assert.ok(live.size > 0, 'the package starts some');
  await succeed(breaker);
  await fail(breaker, 5);
  await clock.advance(30_000);
  probes[0]?.resolve();
  await settle(clock);
  await fail(breaker, 5);
  await settle(clock);
  hook.disable();
  assert.equal([...live.values()], []);
  breaker.close();
});

test.run();
