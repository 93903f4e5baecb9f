/** A database that answers about plans when the test lets it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError } from '../errors/app-error.ts';
import type { Database } from '../postgres/database.ts';
import { compileLookup } from '../postgres/lookup-statement.ts';
import { sharedReadLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createPlainTexts } from './plain-texts.ts';

const { planCheckMs, planRetryMs } = sharedReadLimits;
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
const parameters = [{ 'QUERY PLAN': 'InitPlan 1' }, { 'QUERY PLAN': 'InitPlan 2' }];
const computed = [...parameters, { 'QUERY PLAN': 'Filter: (tenant_id = current_setting(x))' }];

const setUp = () => {
  const clock = createManualClock();
  const asked: PromiseWithResolvers<readonly unknown[]>[] = [];
  const query: Database['query'] = (statement, values) => {
    assert.match(statement.text, /^EXPLAIN \(VERBOSE, COSTS OFF\) SELECT/);
    assert.equal(values, [null, null]);
    const turn = Promise.withResolvers<readonly unknown[]>();
    asked.push(turn);
    return turn.promise;
  };
  const texts = createPlainTexts({ database: { query } as unknown as Database, clock });
  const plainness = (table = 'numbers') => {
    const text = `SELECT id FROM ${table} WHERE tenant_id = $1 AND id = ANY($2)`;
    const lookup = compileLookup({ text, types: ['text', 'text[]'], keyColumn: 'id' });
    const form = lookup.shared?.();
    return form ? texts.plainness(form) : 'no form';
  };
  const has = (table?: string): boolean => plainness(table) === 'plain';
  const answer = async (plan: readonly object[] | Error): Promise<void> => {
    if (plan instanceof Error) asked.at(-1)?.reject(plan);
    else asked.at(-1)?.resolve(plan);
    await settle();
  };
  return { clock, asked, has, plainness, answer };
};

test('a text is plain from when PostgreSQL has shown its plan, and stays so while it is asked again', async () => {
  const { clock, asked, has, plainness, answer } = setUp();
  assert.is(plainness(), 'unknown');
  assert.is(plainness(), 'unknown');
  assert.is(asked.length, 1, 'asked once');
  await answer(parameters);
  assert.ok(has());
  await clock.advance(planCheckMs);
  assert.ok(has());
  assert.is(asked.length, 2);
  await answer(computed);
  assert.is(plainness(), 'not_plain', 'the view is another one now');
  await clock.advance(planCheckMs - 1);
  assert.not(has());
  assert.is(asked.length, 2);
  await clock.advance(1);
  has();
  await answer(parameters);
  assert.ok(has());
});

test('one that nobody asks for is not plain for ever', async () => {
  const { clock, has, answer } = setUp();
  has();
  await answer(parameters);
  await clock.advance(2 * planCheckMs);
  assert.not(has());
});

test('where PostgreSQL does not answer nobody knows, and it is asked again', async () => {
  const { clock, asked, has, answer } = setUp();
  has();
  await answer(new AppError('database_unavailable'));
  assert.not(has());
  assert.is(asked.length, 1);
  await clock.advance(planRetryMs);
  assert.not(has());
  await answer(parameters);
  assert.ok(has());
});

test('it is asked about one text after the other: a plan waits for whoever has locked the table', async () => {
  const { asked, has, answer } = setUp();
  for (const table of ['locked', 'numbers', 'others']) has(table);
  assert.is(asked.length, 1);
  await answer(computed);
  assert.is(asked.length, 2);
  await answer(parameters);
  assert.ok(has('numbers'));
  assert.not(has('locked'));
});

test.run();
