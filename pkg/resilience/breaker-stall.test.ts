/** The breaker in a process that is busy itself: on the real clock, as the event loop tells what was heard of an answer, and when. */
import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../process/clock.ts';
import { type Breaker, type BreakerState, createBreaker } from './breaker.ts';

const timeoutMs = 200;

/** Busy for longer than the time-out, while work is under way. */
const stall = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, timeoutMs * 1.5);

/** In several steps, as a long command leaves, each by a thread of its own. */
const work = () => readFile(import.meta.filename, 'utf8');

const setUp = (probe?: () => Promise<unknown>) => {
  const states: BreakerState[] = [];
  const breaker = createBreaker({
    ...{ name: 'redis', clock: systemClock, timeoutMs, failures: 1, windowMs: 10_000, probeIntervalMs: 600_000 },
    ...(probe && { probe }),
    hooks: { onState: (state) => void states.push(state) },
  });
  return { breaker, states };
};

const open = async (breaker: Breaker): Promise<void> => {
  await breaker.run(() => Promise.reject(new Error('down'))).catch(() => {});
  assert.is(breaker.state(), 'open');
};

for (const kind of ['call', 'trial'] as const) {
  test(`a ${kind} is not blamed for it`, async () => {
    const { breaker } = setUp();
    if (kind === 'trial') {
      await open(breaker);
      breaker.probeNow();
    }
    const answered = breaker.run(work);
    stall();
    assert.match(await answered, 'busy itself');
    assert.is(breaker.state(), 'closed');
    breaker.close();
  });
}

test('a probe is not blamed for it', async () => {
  const probed = Promise.withResolvers<unknown>();
  const { breaker, states } = setUp(() => {
    const probing = work();
    probed.resolve(probing);
    return probing;
  });
  await open(breaker);
  breaker.probeNow();
  stall();
  await probed.promise;
  await new Promise(setImmediate);
  assert.equal(states, ['open', 'half-open', 'closed']);
  breaker.close();
});

test.run();
