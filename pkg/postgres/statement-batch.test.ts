import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError } from '../errors/app-error.ts';
import { createStatement } from './statement.ts';
import { type BatchOutcome, type BoundStatement, failureOf, type StatementResult } from './statement-batch.ts';

const done: StatementResult = { rows: [], rowCount: 0 };
const gone = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
const unique = Object.assign(new Error('refused'), { code: '23505' });

const ask: BoundStatement = { statement: createStatement('SELECT 1'), values: [] };
const blamed: BoundStatement = { ...ask, blame: () => new AppError('conflict') };

const outcome = (results: number, error: Error): BatchOutcome => ({
  results: Array<StatementResult>(results).fill(done),
  failure: { error },
});

test('a refusal is told as whoever is to blame has it, and nothing else is', () => {
  const statements = [ask, blamed];
  assert.is(failureOf(statements, { results: [done, done] }), undefined);
  assert.equal(failureOf(statements, outcome(0, unique)), { index: 0, error: unique, blamed: unique });
  assert.instance(failureOf(statements, outcome(1, unique))?.blamed, AppError);
  assert.is(failureOf(statements, outcome(1, gone))?.blamed, gone);
  assert.is(failureOf(statements, outcome(2, unique))?.blamed, unique, 'the commit is no statement');
});

test.run();
