/**
 * How often a transaction with an idempotency key waits for PostgreSQL: twice where it is the first of its key, as the claim goes along with its
 * statements and the answer with COMMIT. A repeat is refused as a whole and then asks for what is stored.
 */
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createQueryTimer } from '../../pkg/actions/query-timer.ts';
import { compileTransactionAction } from '../../pkg/actions/transaction.ts';
import { createMemoryTier } from '../../pkg/cache/memory-tier.ts';
import { createCache } from '../../pkg/cache/two-tier.ts';
import type { AppError } from '../../pkg/errors/app-error.ts';
import { createAuditLog } from '../../pkg/postgres/audit-log.ts';
import type { Database } from '../../pkg/postgres/database.ts';
import { invalidationChannel } from '../../pkg/postgres/invalidation-channel.ts';
import { createKeptPlans } from '../../pkg/postgres/kept-plan.ts';
import { createOwnNews } from '../../pkg/postgres/own-news.ts';
import { createUnnamedStatement } from '../../pkg/postgres/statement.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { createSlots } from '../../pkg/resilience/slots.ts';
import { actionSpec } from '../../pkg/tenant/action-spec.ts';
import { decodeJson } from '../../pkg/tenant/codec.ts';
import { countPackets } from '../services/count-packets.ts';
import { counter, createCounters, increment, setCounters } from '../services/counters.ts';
import { prepareDatabase } from '../services/database.ts';
import { minute, openDatabase } from '../services/open-database.ts';
import { startPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const prepared = await prepareDatabase(postgres);
await createCounters(prepared);
const pool = openDatabase({ url: prepared.url });
await pool.answers();
const clock = systemClock;
const tenantId = 'acme';

/** Tells what it is bound by. */
const bound = {
  name: 'bound',
  input: [{ name: 'name', type: 'String' }],
  transaction: {
    statements: [
      {
        text: "SELECT (1000 * extract(epoch FROM current_setting('statement_timeout')::interval))::int AS ms WHERE $1 <> $2",
        parameters: ['tenant_id', 'name'],
        output: 'bounds',
      },
    ],
  },
};

let rolledBack = 0;
const hooks = {
  onRollback: () => {
    rolledBack += 1;
  },
};

const compile = (database: Database, declaration: object) => {
  const spec = decodeJson(actionSpec, JSON.stringify(declaration));
  if (!spec.ok || spec.value.kind !== 'transaction') throw new TypeError('no transaction');
  const cache = createCache({ clock, memory: createMemoryTier(0), random: Math.random, lookupsOf: () => [] });
  const services = {
    ...{
      database,
      cache,
      clock,
      ownNews: createOwnNews(),
      keptPlans: createKeptPlans(database, clock),
      timer: createQueryTimer(clock),
      hooks,
    },
    auditLog: createAuditLog({ database, clock, statementTimeoutMs: 5_000 }),
  };
  const share = createSlots({ clock, slots: 5, queueMax: 100 });
  const invalidated = [{ action: 'balances', keysInput: undefined }];
  return compileTransactionAction(spec.value, { tenantId, batchSize: 100, share, invalidated }, services).action;
};

/** Audit row, claim and the declared statement. */
const all = 'BEGIN+statement+statement+statement';
const first = [all, 'statement+COMMIT'];
const refused = [all, 'ROLLBACK'];

/** Each as by a handler of its own. */
const ask = async (
  key: string,
  { declaration = increment(), database = pool, body = 'the same' }: Partial<Asked> = {},
) => {
  const counted = countPackets(database);
  const run = compile(counted.database, declaration).run({
    ...{ input: { tenant_id: tenantId, name: 'a' }, requestId: 'r-1', context: {}, deadline: minute() },
    ...{ rawBody: Buffer.from(body), idempotencyKey: key },
  });
  const told = await run.then(
    (answer) => answer.body,
    (error: AppError) => error.code,
  );
  return { told, packets: counted.packets };
};

interface Asked {
  readonly declaration: object;
  readonly database: Database;
  readonly body: string;
}

const answerOf = (n: number): string => `{"output":{"counters":[{"name":"a","n":${n}}],"count":1}}`;

/** A connection of its own, with what it has heard. */
const connect = async () => {
  const client = new Client({ connectionString: prepared.url });
  await client.connect();
  let heard = 0;
  client.on('notification', () => {
    heard += 1;
  });
  await client.query(`LISTEN ${invalidationChannel}`);
  // What was told before the answer to a statement comes ahead of it.
  return { client, heard: () => client.query('SELECT 1').then(() => heard) };
};

const claim = `INSERT INTO idempotency_keys VALUES ('${tenantId}', 'increment', $1, 'x')`;
const isWaiting = async () => {
  const [row] = await prepared.sql('SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted');
  assert.is(row?.n, 1);
};

test.before.each(() => setCounters(prepared, tenantId, { names: ['a'] }));

test('the first of its key waits twice', async () => {
  const other = await connect();
  assert.equal(await ask('first'), { told: answerOf(1), packets: first });
  assert.is(await other.heard(), 1);
  await other.client.end();
});

test('a repeat is refused as a whole, and gets what is stored; nobody is told of it', async () => {
  await ask('again');
  const other = await connect();
  const packets = [...refused, 'BEGIN+statement+statement', 'statement', 'COMMIT'];
  rolledBack = 0;
  assert.equal(await ask('again'), { told: answerOf(1), packets });
  assert.is(await other.heard(), 0);
  await other.client.end();
  assert.is(await counter(prepared, tenantId, 'a'), 1);
  assert.is(rolledBack, 0);
});

test('where BEGIN was refused nothing is claimed: the key is free for the next try', async () => {
  const lend: Database['lend'] = (work, ...bounds) =>
    pool.lend(
      (run, together) =>
        work(run, ([begin, ...behind]) => {
          assert.ok(begin);
          return together([{ ...begin, statement: createUnnamedStatement('BEGIN AND NO MORE') }, ...behind]);
        }),
      ...bounds,
    );
  await ask('not-begun', { database: { ...pool, lend } });
  assert.equal(await prepared.sql("SELECT key FROM idempotency_keys WHERE key = 'not-begun'"), []);
  await pool.answers();
  assert.equal(await ask('not-begun'), { told: answerOf(1), packets: first });
});

/** What is wrong with the table, and what mends it. */
const faults = [
  [
    'a grant that is missing',
    'REVOKE INSERT ON idempotency_keys FROM dataactions_service',
    'GRANT INSERT ON idempotency_keys TO dataactions_service',
  ],
  [
    'an answer that it does not take',
    'ALTER TABLE idempotency_keys ADD CONSTRAINT no_answer CHECK (answer IS NULL) NOT VALID',
    'ALTER TABLE idempotency_keys DROP CONSTRAINT no_answer',
  ],
] as const;
for (const [what, harm, mend] of faults) {
  test(`a table that is not as it should be is the operator's fault, and nothing holds: ${what}`, async () => {
    await prepared.sql(harm);
    const key = what.replaceAll(' ', '-');
    const { told } = await ask(key);
    await prepared.sql(mend);
    assert.is(told, 'database_unavailable');
    assert.is(await counter(prepared, tenantId, 'a'), 0);
    assert.is((await ask(key)).told, answerOf(1));
  });
}

test('with another body it is told that the key was used', async () => {
  await ask('reused');
  const { told, packets } = await ask('reused', { body: 'another' });
  assert.equal([told, packets.at(-1)], ['idempotency_key_reused', 'ROLLBACK']);
  assert.is(await counter(prepared, tenantId, 'a'), 1);
});

test('a key that is free again before what is stored could be read: the transaction is run, and told', async () => {
  await ask('cleaned');
  const other = await connect();
  const lend: Database['lend'] = (work, ...bounds) =>
    pool.lend(
      (run, together) =>
        work(async (statement, values) => {
          const result = await run(statement, values);
          if (statement.text === 'ROLLBACK') await prepared.sql("DELETE FROM idempotency_keys WHERE key = 'cleaned'");
          return result;
        }, together),
      ...bounds,
    );
  const { told, packets } = await ask('cleaned', { database: { ...pool, lend } });
  assert.is(told, answerOf(2));
  assert.equal(packets, [...refused, 'BEGIN+statement+statement', 'statement', 'statement+statement+COMMIT']);
  assert.is(await other.heard(), 1);
  await other.client.end();
  assert.is((await ask('cleaned')).told, answerOf(2));
});

test('a key whose holder rolls back: who has waited for it is the first', async () => {
  const { client } = await connect();
  await client.query('BEGIN');
  await client.query(claim, ['held']);
  const asked = ask('held');
  await until('the claim to wait', isWaiting);
  await client.query('ROLLBACK');
  assert.equal(await asked, { told: answerOf(1), packets: first });
  await client.end();
});

test('what the claim has waited for its key is off the bound of the statement behind it', async () => {
  const { client } = await connect();
  await client.query('BEGIN');
  await client.query(claim.replace('increment', 'bound'), ['slow']);
  const asked = ask('slow', { declaration: bound });
  await until('the claim to wait', isWaiting);
  await client.query('SELECT pg_sleep(0.3)');
  await client.query('ROLLBACK');
  const { told } = await asked;
  const ms = Number(/"ms":(\d+)/.exec(told)?.[1]);
  assert.ok(ms > 0 && ms <= 59_700, told);
  await client.end();
});

test.after(() => pool.stop());
test.run();
