import { EventEmitter } from 'node:events';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from './manual-clock.ts';
import { onStopSignal } from './stop-signals.ts';

const listen = (echoMs?: number, source = new EventEmitter()) => {
  const clock = createManualClock();
  const told: string[] = [];
  const asked = onStopSignal(
    { stop: () => told.push('stop'), endNow: () => told.push('now'), ...(echoMs && { echoMs }) },
    clock,
    source,
  );
  return { source, clock, told, asked };
};

for (const name of ['SIGINT', 'SIGTERM']) {
  test(`${name} asks to stop once, however often it comes within an echo`, async () => {
    const { source, clock, told, asked } = listen(1_000);
    assert.is(asked(), false);
    source.emit(name);
    source.emit(name);
    await clock.advance(999);
    source.emit(name);
    assert.equal([told, asked()], [['stop'], true]);
  });
}

test('a later one, of whatever kind, means now', async () => {
  const { source, clock, told } = listen(1_000);
  source.emit('SIGINT');
  await clock.advance(1_000);
  source.emit('SIGTERM');
  assert.equal(told, ['stop', 'now']);
});

test('without an echo a second one means now at once', () => {
  const { source, told } = listen();
  source.emit('SIGTERM');
  source.emit('SIGTERM');
  assert.equal(told, ['stop', 'now']);
});

test('a parent that is gone asks to stop, where there was one', () => {
  const orphan = listen(0, Object.assign(new EventEmitter(), { send: () => true }));
  orphan.source.emit('disconnect');
  assert.equal(orphan.told, ['stop']);
  assert.is(listen().source.listenerCount('disconnect'), 0);
});

test.run();
