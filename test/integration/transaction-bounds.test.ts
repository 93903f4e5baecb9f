/**
 * A statement of a transaction is bound by what is left of the deadline, whatever those before it have spent time with: triggers fire, and checks of
 * foreign keys wait for locks, when the rows of a statement are already there.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createCounters, increment, setCounters } from '../services/counters.ts';
import { prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';

const database = await prepareDatabase(await startPostgres());
await createCounters(database);
await setCounters(database, 'acme', { names: ['a'] });
await database.sql(`CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END'`);

/** Tells what it is bound by. */
const bound = {
  text: "SELECT (1000 * extract(epoch FROM current_setting('statement_timeout')::interval))::int AS ms WHERE $1 <> $2",
  parameters: ['tenant_id', 'name'],
  output: 'bounds',
};
const { transaction, ...named } = increment();
const uncounted = {
  text: 'UPDATE counters SET n = n WHERE tenant_id = $1 AND name = $2',
  parameters: bound.parameters,
};
const actionOf = (action: string, statements: readonly object[]) => ({
  ...named,
  name: action,
  transaction: { statements },
});
const actions = [
  actionOf('bound', [bound]),
  actionOf('change', [...transaction.statements, bound]),
  actionOf('uncounted', [uncounted, bound]),
];
const deadlineMilliseconds = 60_000;
const handler = await startHandler({ DATABASE_URL: database.url }, [
  { tenantId: 'acme', spec: { actions, limits: { deadlineMilliseconds } } },
]);
await handler.ready();

for (const [what, trigger, action, headers] of [
  ['the audit row', 'INSERT ON audit_log', 'bound', {}],
  ['the claim of its key', 'INSERT ON idempotency_keys', 'bound', { 'Idempotency-Key': 'k' }],
  ['a statement whose rows are answered', 'UPDATE ON counters', 'change', {}],
  ['a statement that expects nothing', 'UPDATE ON counters', 'uncounted', {}],
] as const) {
  test(`what triggers behind ${what} take is off the bound of the next statement`, async () => {
    const [, table] = trigger.split(' ON ');
    await database.sql(`CREATE TRIGGER dawdle AFTER ${trigger} FOR EACH ROW EXECUTE FUNCTION dawdle()`);
    const { status, text } = await handler.ask('acme', { name: 'a' }, { action, headers });
    await database.sql(`DROP TRIGGER dawdle ON ${table}`);
    assert.is(status, 200, text);
    const ms = Number(/"ms":(\d+)/.exec(text)?.[1]);
    assert.ok(ms > 0 && ms <= deadlineMilliseconds - 300, text);
  });
}

test.after(() => handler.stop());
test.run();
