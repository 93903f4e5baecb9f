import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import { createSlots, type Slots } from '../resilience/slots.ts';
import { LaterSlots } from './later-slots.ts';

test('made when first used, once, and then as those it makes', async () => {
  const clock = createManualClock();
  const deadline = createDeadline(clock, 1_000);
  const made: Slots[] = [];
  const slots = new LaterSlots(() => {
    made.push(createSlots({ clock, slots: 1, queueMax: 1 }));
    return made[0] as Slots;
  });
  assert.is(made.length, 0);
  const { promise, resolve } = Promise.withResolvers<number>();
  const first = slots.use(deadline, () => promise);
  const second = slots.use(deadline, async () => 2);
  assert.equal([made.length, made[0]?.inUse, made[0]?.waiting], [1, 1, 1]);
  resolve(1);
  assert.equal(await Promise.all([first, second]), [1, 2]);
  assert.equal([made.length, made[0]?.inUse], [1, 0]);
});

test.run();
