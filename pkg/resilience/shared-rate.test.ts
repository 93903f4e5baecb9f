import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAppError } from '../errors/app-error.ts';
import { createManualClock, type ManualClock } from '../process/manual-clock.ts';
import { createDeadline, type Deadline } from './deadline.ts';
import { createSharedRate, type SharedBucket, type SharedRate, type TokenRequest } from './shared-rate.ts';
import { createTokenBucket } from './token-bucket.ts';

interface Options {
  readonly ratePerSecond?: number;
  readonly shares?: number;
  readonly queueMax?: number;
  readonly shared?: SharedBucket;
  readonly clock?: ManualClock;
  readonly random?: () => number;
}

/** The same numbers each time. */
const seeded = (seed: number) => {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
};

const setUp = ({
  ratePerSecond = 10,
  shares = 1,
  queueMax = 1_000,
  shared,
  clock = createManualClock(),
  random = () => 0,
}: Options = {}) => {
  const rate = createSharedRate({
    key: 'k',
    clock,
    random,
    ratePerSecond,
    burstMs: 100,
    shares,
    queueMax,
    pollMinMs: 10,
    lookAgainMs: 250,
    shared,
  });
  return { clock, rate };
};

const minute = (clock: ManualClock): Deadline => createDeadline(clock, 60_000);

/** Takes `n` turns and counts them as they come. */
const take = (rate: SharedRate, deadline: Deadline, n: number) => {
  const taken = { turns: 0, codes: [] as string[], refusals: [] as string[] };
  for (let i = 0; i < n; i += 1) {
    rate.turn(deadline).then(
      () => {
        taken.turns += 1;
      },
      (error: unknown) => {
        taken.codes.push(isAppError(error) ? error.code : 'bug');
        taken.refusals.push(String(error));
      },
    );
  }
  return taken;
};

/** A bucket as in Redis, for any number of rates on one clock. */
const inMemory = (clock: ManualClock) => {
  const asked: TokenRequest[] = [];
  let bucket: ReturnType<typeof createTokenBucket> | undefined;
  const shared: SharedBucket & { away: boolean } = {
    away: false,
    take: async (request) => {
      asked.push(request);
      if (shared.away) return undefined;
      bucket ??= createTokenBucket(clock, request);
      for (let granted = 0; granted < request.wanted; granted += 1) {
        const waitMs = bucket.take();
        if (waitMs > 0) return { granted, waitMs };
      }
      return { granted: request.wanted, waitMs: 0 };
    },
  };
  return { shared, asked };
};

test('alone: the whole rate, after what the bucket holds', async () => {
  const { clock, rate } = setUp({ ratePerSecond: 80 });
  const taken = take(rate, minute(clock), 500);
  await clock.advance(0);
  assert.is(taken.turns, 8);
  await clock.advance(1_000);
  assert.ok(taken.turns >= 80 && taken.turns <= 88, `${taken.turns}`);
  await clock.advance(4_000);
  assert.ok(taken.turns >= 390 && taken.turns <= 408, `${taken.turns}`);
});

test('in their order', async () => {
  const { clock, rate } = setUp();
  const order: number[] = [];
  for (let n = 0; n < 20; n += 1) void rate.turn(minute(clock)).then(() => order.push(n));
  await clock.advance(3_000);
  assert.equal(
    order,
    Array.from({ length: 20 }, (_, n) => n),
  );
  assert.is(rate.waiting, 0);
});

test('two that share a bucket keep the rate together', async () => {
  const clock = createManualClock();
  const { shared, asked } = inMemory(clock);
  const [a, b] = [1, 2].map((n) => setUp({ ratePerSecond: 80, shares: 2, shared, clock, random: seeded(n) }).rate);
  if (!a || !b) throw new Error('two');
  const taken = [take(a, minute(clock), 900), take(b, minute(clock), 900)];
  await clock.advance(5_000);
  const sum = taken.reduce((turns, each) => turns + each.turns, 0);
  assert.ok(sum >= 390 && sum <= 408, `${sum}`);
  assert.ok(
    taken.every(({ turns }) => turns > 100),
    JSON.stringify(taken),
  );
  assert.ok(
    asked.every(
      ({ key, ratePerSecond, burst, wanted }) => key === 'k' && ratePerSecond === 80 && burst === 8 && wanted <= 8,
    ),
  );
});

test('several waiters are one question', async () => {
  const clock = createManualClock();
  const { shared, asked } = inMemory(clock);
  const { rate } = setUp({ ratePerSecond: 80, shared, clock });
  const taken = take(rate, minute(clock), 8);
  await clock.advance(0);
  assert.is(taken.turns, 8);
  assert.equal(
    asked.map(({ wanted }) => wanted),
    [1, 7],
  );
});

test('while the bucket cannot be asked, each has its equal share', async () => {
  const clock = createManualClock();
  const { shared } = inMemory(clock);
  shared.away = true;
  const { rate } = setUp({ ratePerSecond: 80, shares: 4, shared, clock });
  const taken = take(rate, minute(clock), 900);
  await clock.advance(5_000);
  assert.ok(taken.turns >= 95 && taken.turns <= 102, `${taken.turns}`);
  shared.away = false;
  await clock.advance(1_000);
  assert.ok(taken.turns >= 170, `${taken.turns}`);
});

test('a share may be less than one in a second', async () => {
  const { clock, rate } = setUp({ ratePerSecond: 1, shares: 4 });
  const taken = take(rate, minute(clock), 3);
  await clock.advance(3_900);
  assert.is(taken.turns, 1);
  await clock.advance(200);
  assert.is(taken.turns, 2);
});

test('who waits for a token of a small share does not wait for it any more once the bucket can be asked again', async () => {
  const clock = createManualClock();
  const { shared } = inMemory(clock);
  const { rate } = setUp({ ratePerSecond: 1, shares: 20, shared, clock });
  shared.away = true;
  const taken = take(rate, minute(clock), 3);
  await clock.advance(1_000);
  assert.is(taken.turns, 1);
  shared.away = false;
  await clock.advance(250);
  assert.is(taken.turns, 2);
  await clock.advance(1_000);
  assert.is(taken.turns, 3);
});

test('who leaves at its deadline costs no token', async () => {
  const { clock, rate } = setUp({ ratePerSecond: 1 });
  await rate.turn(minute(clock));
  const hasty = createDeadline(clock, 500);
  const left = take(rate, hasty, 1);
  const patient = take(rate, minute(clock), 1);
  await clock.advance(500);
  assert.equal(left.codes, ['deadline_exceeded']);
  assert.is(rate.waiting, 1);
  await clock.advance(500);
  assert.is(patient.turns, 1);
});

test('who ran out of time, though its timer is late, costs no token either', async () => {
  const { clock, rate } = setUp({ ratePerSecond: 1 });
  await rate.turn(minute(clock));
  const late = {
    ...minute(clock),
    remainingMs: () => 5_000,
    expired: () => clock.now() > 500,
    onExpire: () => () => {},
  };
  const left = take(rate, late, 1);
  const patient = take(rate, minute(clock), 1);
  await clock.advance(1_000);
  assert.equal([left.turns, patient.turns], [0, 1]);
});

test('who could not have its turn in time is refused at once, and so is one too many', async () => {
  const { clock, rate } = setUp({ ratePerSecond: 10, queueMax: 20 });
  const queued = take(rate, minute(clock), 20);
  await clock.advance(0);
  assert.is(queued.turns, 1);
  const hasty = take(rate, createDeadline(clock, 1_000), 1);
  const last = take(rate, minute(clock), 1);
  const tooMany = take(rate, minute(clock), 1);
  await clock.advance(0);
  assert.equal([hasty.codes, last.codes, tooMany.codes], [['overloaded'], [], ['overloaded']]);
  assert.match(hasty.refusals.join(), 'wait_too_long');
  assert.match(tooMany.refusals.join(), 'queue_full');
});

test('with a share alone, the wait is estimated by that', async () => {
  const clock = createManualClock();
  const { shared } = inMemory(clock);
  shared.away = true;
  const { rate } = setUp({ ratePerSecond: 10, shares: 10, shared, clock });
  take(rate, minute(clock), 4);
  await clock.advance(0);
  const hasty = take(rate, createDeadline(clock, 2_000), 1);
  await clock.advance(0);
  assert.equal(hasty.codes, ['overloaded']);
  assert.match(hasty.refusals.join(), 'wait_too_long');
});

test('a deadline that has passed waits for nothing', async () => {
  const { clock, rate } = setUp();
  const taken = take(rate, createDeadline(clock, 0), 1);
  await clock.advance(0);
  assert.equal(taken.codes, ['deadline_exceeded']);
  assert.is(clock.pending(), 0);
});

test('nothing is left running when nobody waits', async () => {
  const { clock, rate } = setUp();
  const deadline = minute(clock);
  take(rate, deadline, 5);
  await clock.advance(1_000);
  deadline.close();
  await clock.advance(1_000);
  assert.is(clock.pending(), 0);
});

test.run();
