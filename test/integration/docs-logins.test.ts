/**
 * The logins of docs/operate.md on a real server, from installation over rotation to uninstallation, all by an owner of the database that may make
 * roles and is no superuser, as a managed PostgreSQL has it.
 */
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { setUpDatabase } from '../../cmd/dev/database-setup.ts';
import { operateSql } from '../services/operate-sql.ts';
import { startPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';

const { url } = await startPostgres();

const urlOf = (login: string): string => Object.assign(new URL(url), { username: login, pathname: '/actions' }).href;

const connect = async (connectionString: string): Promise<Client> => {
  const client = new Client({ connectionString });
  await client.connect();
  return client;
};

const superuser = await connect(url);
await superuser.query('CREATE ROLE owner LOGIN CREATEROLE');
await superuser.query('CREATE DATABASE actions OWNER owner');
await setUpDatabase(urlOf('owner'), () => {});
const owner = await connect(urlOf('owner'));

/** Each statement of the block by itself, as a person enters them. */
const statementsWith = (part: string): readonly string[] => operateSql(part).match(/[^;]+;/g) ?? [];
const enter = async (part: string): Promise<void> => {
  for (const statement of statementsWith(part)) await owner.query(statement);
};
const customersSeenBy = async (client: Client): Promise<unknown> =>
  (await client.query('SELECT count(*)::int AS n FROM customers')).rows[0]?.n;

test('Install and Rotate: the second login does what the first one did, which is dropped without a trace', async () => {
  await owner.query('REVOKE ALL ON customers FROM dataactions_service');
  await enter('CREATE ROLE handler_a');
  await enter('ALTER ROLE handler_a SET timezone');
  const first = await connect(urlOf('handler_a'));
  assert.is(await customersSeenBy(first), 3_000);

  const [create = '', settings = ''] = statementsWith('CREATE ROLE handler_b');
  await owner.query(create);
  assert.is((await owner.query(settings)).rows.length, 5);
  const second = await connect(urlOf('handler_b'));
  assert.is(await customersSeenBy(second), 3_000);

  const [count = '', drop = ''] = statementsWith('DROP ROLE handler_a;');
  assert.is((await owner.query(count)).rows[0]?.count, '1');
  await first.end();
  await until('no session of the first login', async () => assert.is((await owner.query(count)).rows[0]?.count, '0'));
  await owner.query(drop);
  await second.end();
});

test('Uninstall: nothing of ours is left, and nothing of anybody else is gone', async () => {
  await enter('DROP OWNED BY');
  const { rows: left } = await owner.query(
    "SELECT rolname AS name FROM pg_roles WHERE rolname ~ '^(dataactions|handler)' UNION ALL SELECT proname FROM pg_proc WHERE proname LIKE 'dataactions%'",
  );
  assert.equal(left, []);
  const { rows: tables } = await owner.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
  assert.equal(tables, [{ tablename: 'customers' }]);
});

test.after(async () => {
  await owner.end();
  await superuser.end();
});
test.run();
