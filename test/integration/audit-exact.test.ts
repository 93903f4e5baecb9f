/**
 * The audit log says what was answered: one row for each 200, no row for anything else, each with its own request.
 */
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { type Answer, startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';

const callers = 64;
const perCaller = 12;
const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const limits = { requestsPerSecond: 100_000, burst: 100_000, concurrency: 1_000, deadlineMilliseconds: 30_000 };
const env = { DATABASE_URL: database.url, STATEMENT_TIMEOUT_MS: '30000' };
const handler = await startHandler(env, [
  { tenantId: 'acme', spec: { limits } },
  { tenantId: 'reads', spec: { limits, audit: 'DatabaseReads' } },
]);
await handler.ready();

interface Sent {
  readonly id: string;
  readonly keys: readonly string[];
  readonly answer: Answer;
}

/** Hits, misses and both; missing ones; invalid and unproven ones: by the request's number. */
const send = async (tenantId: string, caller: number, n: number): Promise<Sent> => {
  const id = `${tenantId}-${caller}-${n}`;
  const own = customerId(10 + caller * perCaller + n);
  const shared = customerId(1 + (n % 5));
  const keys =
    [[shared], [own], [shared, own], [customerId(500_000 + caller), shared], ['invalid'], [own]][n % 6] ?? [];
  const options = { headers: { 'X-Request-Id': id }, context: { request: id } };
  const forged = n % 6 === 5 ? { secret: 'a secret of nobody at all' } : {};
  return { id, keys, answer: await handler.ask(tenantId, { customer_ids: keys }, { ...options, ...forged }) };
};

const sendAll = async (tenantId: string): Promise<readonly Sent[]> => {
  const all = Array.from({ length: callers }, async (_, caller) => {
    const sent: Sent[] = [];
    for (let n = 0; n < perCaller; n += 1) sent.push(await send(tenantId, caller, n));
    return sent;
  });
  return (await Promise.all(all)).flat();
};

const auditOf = async (tenantId: string) =>
  new Map(
    (await database.sql('SELECT * FROM audit_log WHERE tenant_id = $1', [tenantId])).map((row) => [
      String(row.request_id),
      row,
    ]),
  );

/** How each request was answered, as the log says. */
const sources = (count: number): Promise<ReadonlyMap<string, unknown>> =>
  until('the log', async () => {
    const lines = handler
      .output()
      .split('\n')
      .filter((line) => line.includes('"requestId":"reads-'));
    if (lines.length < count) throw new Error(`${lines.length} of ${count} lines`);
    return new Map(lines.map((line) => JSON.parse(line)).map(({ requestId, source }) => [String(requestId), source]));
  });

const assertMatches = (row: Record<string, unknown> | undefined, { id, keys }: Sent, tenantId: string): void => {
  const { tenant_id, customer_ids, action, outcome, context } = row ?? {};
  assert.equal(
    { tenant_id, customer_ids, action, outcome, context },
    {
      tenant_id: tenantId,
      customer_ids: keys,
      action: 'process_customer_batch',
      outcome: 'answered',
      context: { request: id },
    },
  );
};

test('EveryRequest: exactly the answered requests have a row, and it is theirs', async () => {
  const sent = await sendAll('acme');
  const answered = sent.filter(({ answer }) => answer.status === 200);
  assert.is(answered.length, callers * perCaller * (4 / 6));
  for (const { answer } of sent) assert.ok([200, 400, 401].includes(answer.status), answer.text);
  const rows = await auditOf('acme');
  assert.is(rows.size, answered.length);
  assert.is(await database.auditRows(), answered.length, 'and none of them twice');
  for (const each of answered) assertMatches(rows.get(each.id), each, 'acme');
  const seen = new Set([...rows.values()].map(({ source }) => source));
  assert.equal([...seen].sort(), ['database', 'memory']);
});

test('an answer speaks of exactly the keys that were asked for, whoever else was asking', async () => {
  for (const { answer, keys } of await sendAll('acme')) {
    if (answer.status !== 200) continue;
    const named = answer.text.match(/00000000-0000-4000-8000-\d{12}/g) ?? [];
    assert.equal([...named].sort(), [...keys].sort());
  }
});

test('DatabaseReads: exactly those answers that read the database have a row', async () => {
  const sent = await sendAll('reads');
  const answered = sent.filter(({ answer }) => answer.status === 200);
  assert.is(answered.length, callers * perCaller * (4 / 6));
  const rows = await auditOf('reads');
  const sourceOf = await sources(sent.length - sent.filter(({ answer }) => answer.status === 401).length);
  const read = answered.filter(({ id }) => sourceOf.get(id) === 'database');
  assert.ok(read.length > 0 && read.length < answered.length, `${read.length} of ${answered.length} read the database`);
  assert.equal([...rows.keys()].sort(), read.map(({ id }) => id).sort());
  for (const each of read) assertMatches(rows.get(each.id), each, 'reads');
});

test('no answer comes before its row is committed, from memory or from the database', async () => {
  await handler.ask('acme', { customer_ids: [customerId(1)] });
  for (const key of [customerId(1), customerId(1_999)]) {
    const holder = new Client({ connectionString: postgres.url });
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE audit_log IN SHARE MODE');
    let answered = false;
    const asked = handler.ask('acme', { customer_ids: [key] }).finally(() => {
      answered = true;
    });
    await until('the INSERT to wait', async () => {
      const waiting = await database.sql("SELECT FROM pg_locks WHERE relation = 'audit_log'::regclass AND NOT granted");
      assert.is(waiting.length, 1);
    });
    assert.not(answered);
    await holder.end();
    // On a very slow machine lock_timeout was faster.
    assert.ok([200, 503].includes((await asked).status));
  }
});

test.after(() => handler.stop());
test.run();
