/**
 * Slow lookups of one tenant that cannot share a statement, as each has a parameter of its own, leave most of the pool to the others.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { createStatementGate } from '../services/statement-gate.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const gate = await createStatementGate(postgres.url);
const poolMax = 8;
/** A quarter. */
const shareMax = 2;
const slow = {
  name: 'slow',
  input: [
    { name: 'ids', type: 'UUID', list: true },
    { name: 'region', type: 'String' },
  ],
  lookup: {
    statement:
      'SELECT c.id, c.name FROM (SELECT wait_gate() OFFSET 0) AS g, customers AS c WHERE c.tenant_id = $1 AND c.id = ANY($2) AND $3 <> $1',
    parameters: ['tenant_id', 'ids', 'region'],
    keys: 'ids',
    keyColumn: 'id',
    output: 'rows',
  },
};
const limits = { deadlineMilliseconds: 10_000 };
const env = { DATABASE_URL: database.url, DATABASE_POOL_MAX: String(poolMax), DATABASE_POOL_MIN: '0' };
const handler = await startHandler(env, [
  { tenantId: 'acme', spec: { limits, actions: [slow] } },
  { tenantId: 'globex', spec: { limits } },
]);
await handler.ready();

test('twice as many slow lookups as there are connections: another tenant is answered, and so are they in their turn', async () => {
  await gate.hold();
  const ask = (n: number) => handler.ask('acme', { ids: [customerId(n)], region: `r${n}` }, { action: 'slow' });
  const waiting = Array.from({ length: 2 * poolMax }, (_, n) => ask(n + 1));
  await gate.waiting(shareMax);
  const { status, text } = await handler.ask('globex', { customer_ids: [customerId(1)] });
  assert.is(status, 200, text);
  await gate.waiting(shareMax);
  await gate.release();
  for (const answer of await Promise.all(waiting)) assert.is(answer.status, 200, answer.text);
});

test.after(async () => {
  await handler.stop();
  await gate.close();
});
test.run();
