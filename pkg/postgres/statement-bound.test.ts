import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAppError } from '../errors/app-error.ts';
import { databaseLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import { createUnnamedStatement } from './statement.ts';
import type { BoundStatement } from './statement-batch.ts';
import { createStatementBound } from './statement-bound.ts';

const { boundSlackMs } = databaseLimits;
const asked = { statement: createUnnamedStatement('SELECT 1'), values: [] };
const valuesOf = (statements: readonly BoundStatement[]) => statements.map(({ values }) => values);

const open = (ms: number) => {
  const clock = createManualClock();
  return { clock, bound: createStatementBound({ clock, deadline: createDeadline(clock, ms) }) };
};

test('a transaction begins with what is left then, and between its statements that is what time is taken off', async () => {
  const { clock, bound } = open(1_000);
  await clock.advance(300);
  assert.equal(valuesOf(bound.begin()), [['700']]);
  await clock.advance(50);
  assert.equal(valuesOf(bound.between([asked, asked, asked])), [[], ['700'], [], ['700'], []]);
});

test('ahead of a later packet it is told only where it has become wrong, and then counts from there', async () => {
  const { clock, bound } = open(1_000);
  await clock.advance(boundSlackMs);
  bound.begin();
  await clock.advance(boundSlackMs - 1);
  assert.equal(bound.goOn(), []);
  await clock.advance(1);
  assert.equal(valuesOf(bound.goOn()), [[String(1_000 - 2 * boundSlackMs)]]);
  await clock.advance(boundSlackMs - 1);
  assert.equal(bound.goOn(), []);
});

test('what is left is never 0, which would be no bound', () => {
  assert.equal(valuesOf(open(0.4).bound.begin()), [['1']]);
});

test('nothing goes on behind the deadline', async () => {
  const { clock, bound } = open(50);
  bound.begin();
  await clock.advance(50);
  assert.throws(bound.goOn, (error: unknown) => isAppError(error, 'deadline_exceeded'));
});

test.run();
