import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import { createPoolShares, type PoolShare } from './pool-shares.ts';

const setUp = (poolMax: number) => {
  const clock = createManualClock();
  return { clock, shares: createPoolShares({ clock, poolMax, queueMax: 1 }) };
};
const forEver = () => new Promise<never>(() => {});

test('a quarter of the pool for lookups and half for transactions, one connection at least', () => {
  for (const [poolMax, lookups, transactions] of [
    [1, 1, 1],
    [8, 2, 4],
    [25, 6, 12],
  ] as const) {
    const { clock, shares } = setUp(poolMax);
    const deadline = createDeadline(clock, 1_000);
    let begun = 0;
    const take = (slots: PoolShare, times: number): number => {
      begun = 0;
      for (let n = 0; n < times; n += 1)
        void slots
          .use(deadline, () => {
            begun += 1;
            return forEver();
          })
          .catch(() => {});
      return begun;
    };
    const share = shares.of('acme');
    assert.equal([take(share.lookups, poolMax + 1), take(share.transactions, poolMax + 1)], [lookups, transactions]);
    assert.is(take(shares.of('other').lookups, 1), 1);
  }
});

test('a share is the same until its tenant is forgotten, and refuses who does not fit', async () => {
  const { clock, shares } = setUp(4);
  const { lookups } = shares.of('acme');
  assert.is(shares.of('acme').lookups, lookups);
  const deadline = createDeadline(clock, 1_000);
  void lookups.use(deadline, forEver).catch(() => {});
  const outcomes = [1, 2].map(() => lookups.use(deadline, forEver).catch((error: Error) => error.message));
  assert.match(String(await outcomes[1]), 'queue_full');
  shares.forget('acme');
  assert.is.not(shares.of('acme').lookups, lookups);
});

test.run();
