import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import { createSlots } from '../resilience/slots.ts';
import { LaterSlots } from './later-slots.ts';

const setUp = () => {
  const clock = createManualClock();
  let made = 0;
  const slots = new LaterSlots(() => {
    made += 1;
    return createSlots({ clock, slots: 1, queueMax: 1 });
  });
  return { slots, deadline: createDeadline(clock, 1_000), made: () => made };
};

test('made when first used, once, and then as those it makes', async () => {
  const { slots, deadline, made } = setUp();
  assert.equal([slots.inUse, slots.waiting, made()], [0, 0, 0]);
  const { promise, resolve } = Promise.withResolvers<number>();
  const first = slots.use(deadline, () => promise);
  const second = slots.use(deadline, async () => 2);
  assert.equal([slots.inUse, slots.waiting, made()], [1, 1, 1]);
  assert.is(
    slots.tryUse(async () => 3),
    undefined,
  );
  resolve(1);
  assert.equal(await Promise.all([first, second]), [1, 2]);
  assert.equal([slots.inUse, made()], [0, 1]);
});

test('closed before it is used, it refuses', async () => {
  const { slots, deadline } = setUp();
  slots.close(new Error('gone'));
  await slots
    .use(deadline, async () => 1)
    .then(
      () => assert.unreachable(),
      (error: Error) => assert.is(error.message, 'gone'),
    );
});

test.run();
