/**
 * The memory tier from outside: what answers, how long, and what makes it forget.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { type Answer, startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
/** Polling must not meet the rate. */
const limits = { requestsPerSecond: 100_000, burst: 100_000 };
const acmeWith = (spec: object) => ({ tenantId: 'acme', spec: { limits, ...spec } });
const never = { tenantId: 'never', spec: { limits, cache: { ttlSeconds: 0, missingTtlSeconds: 0 } } };
const handler = await startHandler({ DATABASE_URL: database.url }, [acmeWith({}), never]);
await handler.ready();
await database.sql(
  "INSERT INTO customers SELECT 'never', id, name, status, updated_at FROM customers WHERE tenant_id = 'acme'",
);

let asked = 0;
/** The answer, and what answered as the audit log has it. */
const ask = async (tenantId: string, n: number): Promise<{ readonly answer: Answer; readonly source: unknown }> => {
  asked += 1;
  const id = `request-${asked}`;
  const answer = await handler.ask(tenantId, { customer_ids: [customerId(n)] }, { headers: { 'X-Request-Id': id } });
  assert.is(answer.status, 200, answer.text);
  const [row] = await database.sql('SELECT source FROM audit_log WHERE request_id = $1', [id]);
  return { answer, source: row?.source };
};

test('the first request reads the database, the second is answered from memory, with the same bytes', async () => {
  const first = await ask('acme', 1);
  const second = await ask('acme', 1);
  assert.equal([first.source, second.source], ['database', 'memory']);
  assert.is(second.answer.text, first.answer.text);
});

test('that there is no such row is remembered too, until there is one', async () => {
  const nobody = 700_000;
  assert.equal([(await ask('acme', nobody)).source, (await ask('acme', nobody)).source], ['database', 'memory']);
  await database.sql("INSERT INTO customers VALUES ('acme', $1, 'New', 'active')", [customerId(nobody)]);
  await until('the new row', async () => assert.match((await ask('acme', nobody)).answer.text, '"name":"New"'));
});

test('an UPDATE and a DELETE are seen once PostgreSQL has told of them', async () => {
  await ask('acme', 2);
  await database.sql("UPDATE customers SET name = 'Renamed' WHERE id = $1", [customerId(2)]);
  await until('the new name', async () => assert.match((await ask('acme', 2)).answer.text, '"name":"Renamed"'));
  await database.sql("DELETE FROM customers WHERE tenant_id = 'acme' AND id = $1", [customerId(2)]);
  await until('its end', async () => assert.match((await ask('acme', 2)).answer.text, '"missing"'));
});

test('a change of one row leaves the others where they are', async () => {
  await ask('acme', 3);
  await ask('acme', 4);
  await database.sql("UPDATE customers SET name = 'Renamed' WHERE tenant_id = 'acme' AND id = $1", [customerId(3)]);
  await until('the new name', async () => assert.match((await ask('acme', 3)).answer.text, '"name":"Renamed"'));
  assert.is((await ask('acme', 4)).source, 'memory');
});

test('a tenant that wants no cache has none: no row, no absence', async () => {
  for (const n of [5, 800_000]) {
    assert.equal([(await ask('never', n)).source, (await ask('never', n)).source], ['database', 'database']);
  }
});

test('a changed action never reads what the old one stored, a changed limit does', async () => {
  await ask('acme', 6);
  await handler.apply([acmeWith({ limits: { ...limits, batchSize: 7 } }), never]);
  assert.is((await ask('acme', 6)).source, 'memory');
  const changed = {
    name: 'process_customer_batch',
    input: [{ name: 'customer_ids', type: 'UUID', list: true }],
    lookup: {
      statement: "SELECT id, 'new shape' AS shape FROM customers WHERE tenant_id = $1 AND id = ANY($2)",
      parameters: ['tenant_id', 'customer_ids'],
      keys: 'customer_ids',
      keyColumn: 'id',
      output: 'customers',
    },
  };
  await handler.apply([acmeWith({ actions: [changed] }), never]);
  const first = await ask('acme', 6);
  assert.is(first.source, 'database');
  assert.match(first.answer.text, 'new shape');
  assert.is((await ask('acme', 6)).source, 'memory');
});

test('requests with different other parameters never share a row', async () => {
  const action = {
    name: 'marked',
    input: [
      { name: 'keys', type: 'Integer', list: true },
      { name: 'mark', type: 'String', optional: true },
    ],
    lookup: {
      statement: "SELECT k AS id, $3 AS mark FROM unnest($2) AS k WHERE $1 <> ''",
      parameters: ['tenant_id', 'keys', 'mark'],
      keys: 'keys',
      keyColumn: 'id',
      output: 'rows',
    },
  };
  await handler.apply([acmeWith({ actions: [action] })]);
  const marks = ['a', 'b', '', 'null', '{}', '"', undefined];
  for (const _ of ['from the database', 'from memory']) {
    const answers = marks.map((mark) => handler.ask('acme', { keys: [1], mark }, { action: 'marked' }));
    for (const [n, { json }] of (await Promise.all(answers)).entries())
      assert.equal(json, { output: { rows: [{ id: 1, mark: marks[n] ?? null }], count: 1 } });
  }
});

test('a tenant that was away reads anew: what changed meanwhile nobody heard for it', async () => {
  const nameOf = async () => (await handler.ask('acme', { customer_ids: [customerId(77)] })).text;
  await handler.apply([{ tenantId: 'acme' }]);
  await nameOf();
  await handler.apply([{ tenantId: 'other' }]);
  await database.sql("UPDATE customers SET name = 'changed while away' WHERE id = $1", [customerId(77)]);
  await handler.apply([{ tenantId: 'acme' }]);
  assert.match(await nameOf(), /changed while away/);
});

test('a shorter time to live holds at once, also for what is cached already', async () => {
  const tenant = (ttlSeconds: number) => ({ tenantId: 'acme', spec: { cache: { ttlSeconds } } });
  const ask = async () => (await handler.ask('acme', { customer_ids: [customerId(78)] })).text;
  await handler.apply([tenant(300)]);
  await ask();
  await database.sql('ALTER TABLE customers DISABLE TRIGGER USER');
  await database.sql("UPDATE customers SET name = 'changed in silence' WHERE id = $1", [customerId(78)]);
  await database.sql('ALTER TABLE customers ENABLE TRIGGER USER');
  await handler.apply([tenant(0)]);
  assert.match(await ask(), /changed in silence/);
});

test.after(() => handler.stop());
test.run();
