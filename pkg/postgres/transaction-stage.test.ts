import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError } from '../errors/app-error.ts';
import { createStatement } from './statement.ts';
import type { BoundStatement, StatementOutcome } from './statement-batch.ts';
import { firstFailure, isOver, mayHold, type Stage, stageAfter } from './transaction-stage.ts';

const done: StatementOutcome = { rows: [], rowCount: 0 };
const refused = (state: string): StatementOutcome => ({ error: Object.assign(new Error('refused'), { code: state }) });
const gone: StatementOutcome = {
  error: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }),
};
const ended = refused('57P01');
const aborted = refused('25P02');
const unique = refused('23505');
const cancelled = refused('57014');

const ask: BoundStatement = { statement: createStatement('SELECT 1'), values: [] };
const blamed: BoundStatement = { ...ask, blame: () => new AppError('conflict') };

type Packet = 'BEGIN … COMMIT' | 'BEGIN …' | '… COMMIT' | '…';

const cases: readonly (readonly [what: string, packet: Packet, outcomes: readonly StatementOutcome[], stage: Stage])[] =
  [
    ['a statement is refused', 'BEGIN …', [done, done, unique], 'begun'],
    ['a statement is refused ahead of COMMIT', 'BEGIN … COMMIT', [done, unique, aborted, done], 'rolled back'],
    ['the first is refused ahead of COMMIT', '… COMMIT', [unique, aborted, done], 'rolled back'],
    ['a statement is refused, and COMMIT not answered', 'BEGIN … COMMIT', [done, unique, aborted, gone], 'begun'],
    ['COMMIT is refused', 'BEGIN … COMMIT', [done, done, unique], 'begun'],
    ['COMMIT is cancelled', 'BEGIN … COMMIT', [done, done, cancelled], 'committing'],
    ['COMMIT is not answered', 'BEGIN … COMMIT', [done, done, gone], 'committing'],
    ['the session is ended during COMMIT', '… COMMIT', [done, ended], 'committing'],
    ['a statement is not answered', 'BEGIN …', [done, gone, gone], 'begun'],
    ['a statement is not answered ahead of COMMIT', 'BEGIN … COMMIT', [done, gone, gone, gone], 'committing'],
    ['a later statement is not answered', '…', [gone], 'begun'],
    ['BEGIN is refused', 'BEGIN …', [cancelled, ended, gone], 'waiting'],
    ['BEGIN is refused ahead of COMMIT', 'BEGIN … COMMIT', [cancelled, ended, gone], 'waiting'],
    ['BEGIN is not answered', 'BEGIN …', [gone, gone], 'waiting'],
    ['BEGIN is not answered, nor COMMIT', 'BEGIN … COMMIT', [gone, gone, gone], 'committing'],
  ];

for (const [what, packet, outcomes, stage] of cases) {
  test(`${packet}: ${what}: ${stage}`, () => {
    const failure = firstFailure(
      outcomes.map(() => blamed),
      outcomes,
    );
    assert.ok(failure);
    const [begins, commits] = [packet.startsWith('BEGIN'), packet.endsWith('COMMIT')];
    assert.is(stageAfter(failure, outcomes, { begins, commits }), stage);
  });
}

test('a refusal is told as whoever is to blame has it, and nothing else is', () => {
  assert.is(firstFailure([ask, blamed], [done, done]), undefined);
  assert.is(firstFailure([ask, blamed], [unique, aborted])?.blamed, 'error' in unique && unique.error);
  assert.instance(firstFailure([ask, blamed], [done, unique])?.blamed, AppError);
  assert.is(firstFailure([ask, blamed], [done, gone])?.blamed, 'error' in gone && gone.error);
});

test('what may hold is not over before somebody has said so', () => {
  const stages: readonly Stage[] = ['waiting', 'begun', 'committing', 'committed', 'rolled back'];
  assert.equal(stages.filter(mayHold), ['committing', 'committed']);
  assert.equal(stages.filter(isOver), ['committed', 'rolled back']);
});

test.run();
