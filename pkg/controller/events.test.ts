import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { controllerLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createEventLimits } from './event-limits.ts';
import { eventOf } from './events.ts';
import type { Condition, ConfigStatus } from './status.ts';

const status = (ready: Partial<Condition>, revision?: string): ConfigStatus => ({
  observedGeneration: 3,
  ...(revision !== undefined && { revision }),
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      observedGeneration: 3,
      lastTransitionTime: '2026-01-01T00:00:00Z',
      reason: 'Applied',
      message: '',
      ...ready,
    },
  ],
});
const served = status({}, 'r1');
const rejected = status({ status: 'False', reason: 'StatementRejected', message: 'spec.x: refused' }, 'r1');

test('what becomes ready, or is served in another revision, is told as normal', () => {
  const told = { type: 'Normal', reason: 'Applied', action: 'Apply', note: 'generation 3 is served, as revision r1' };
  assert.equal(eventOf(undefined, served), told);
  assert.equal(eventOf(rejected, served), told);
  assert.equal(eventOf(status({}, 'r0'), served), told);
});

test('trouble is a warning with the message, once for each', () => {
  const told = { type: 'Warning', reason: 'StatementRejected', action: 'Apply', note: 'spec.x: refused' };
  assert.equal(eventOf(served, rejected), told);
  assert.is(eventOf(rejected, rejected), undefined);
  const other = status({ status: 'False', reason: 'StatementRejected', message: 'spec.y: refused' });
  assert.is(eventOf(rejected, other)?.note, 'spec.y: refused');
  const missing = status({ status: 'False', reason: 'SecretNotFound', message: 'spec.z' });
  assert.is(eventOf(served, missing)?.action, 'ResolveSecrets');
});

test('a suspension is wanted', () => {
  assert.is(eventOf(served, status({ status: 'False', reason: 'Suspended' }))?.type, 'Normal');
});

test('what stays the same, and a status without Ready, say nothing', () => {
  assert.is(eventOf(served, { ...served, observedGeneration: 4 }), undefined);
  assert.is(eventOf(served, { observedGeneration: 1, conditions: [] }), undefined);
});

const text = (note: string) => ({ type: 'Warning', reason: 'InvalidSpec', action: 'Validate', note }) as const;

test('of one object so many in a row, then one now and then', async () => {
  const clock = createManualClock();
  const limits = createEventLimits(clock);
  const admitted = () =>
    Array.from({ length: 50 }, (_, n) => limits.admit('a', text(`${clock.now()} ${n}`))).filter(Boolean).length;
  assert.is(admitted(), controllerLimits.eventsBurst);
  assert.is(limits.admit('b', text('x')), true);
  await clock.advance(controllerLimits.eventsEveryMs);
  assert.is(admitted(), 1);
});

test('of all objects together so many', () => {
  const limits = createEventLimits(createManualClock());
  const admitted = Array.from({ length: 500 }, (_, n) => limits.admit(`o${n}`, text('x'))).filter(Boolean).length;
  assert.is(admitted, controllerLimits.eventsTogetherBurst);
});

test('never the same twice in a row; an object that is gone is forgotten', () => {
  const limits = createEventLimits(createManualClock());
  assert.equal([limits.admit('a', text('x')), limits.admit('a', text('x'))], [true, false]);
  assert.equal([limits.admit('a', text('y')), limits.admit('a', text('x'))], [true, true]);
  limits.forget('a');
  assert.is(limits.admit('a', text('x')), true);
});

test.run();
