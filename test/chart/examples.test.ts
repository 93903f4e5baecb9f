/** Every example is what the service takes: its own validation has nothing to say, and PostgreSQL plans its statements. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startCommandLine } from '../services/command-line.ts';
import { prepareDatabase } from '../services/database.ts';
import { at, readManifests } from '../services/helm.ts';
import { startPostgres } from '../services/postgres.ts';

const folder = join(import.meta.dirname, '../../deploy/examples');
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

/** What everything.yaml supposes. */
const tables = `
  CREATE TABLE customer_accounts (tenant_id text, number text, name text, status text, region text, balance bigint, updated_at timestamptz);
  CREATE TABLE customer_transfers (tenant_id text, debit text, credit text, cents bigint, notify boolean, rate float8);
  GRANT SELECT, UPDATE ON customer_accounts TO dataactions_service;
  GRANT INSERT ON customer_transfers TO dataactions_service`;

test('the service and PostgreSQL take every example', async () => {
  const database = await prepareDatabase(await startPostgres());
  await database.sql(tables);
  const { code, stdout } = await startCommandLine([
    'validate',
    ...files.map((name) => join(folder, name)),
    '--database',
    database.url,
  ]).ended;
  assert.is(code, 0, stdout);
  assert.match(stdout, /4 tenants, [3-9] statements shown to PostgreSQL: 0 problems/);
});

test('examples can be applied together: no two objects or tenants have one name', () => {
  const manifests = files.flatMap((name) => readManifests(readFileSync(join(folder, name), 'utf8')));
  for (const names of [
    manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    manifests.flatMap(({ spec }) => at(spec, 'tenantId') ?? []),
  ]) {
    assert.ok(names.length > 3);
    assert.equal(names, [...new Set(names)]);
  }
});

test('one of them says every field that there is', () => {
  const [everything] = readManifests(readFileSync(join(folder, 'everything.yaml'), 'utf8'));
  const crd = readManifests(readFileSync(join(folder, '../crds/dataactions.dev_dataactionconfigs.yaml'), 'utf8'))[0];
  const said = fieldsOf(everything?.spec);
  /** Of the other grant. */
  const elsewhere = ['tokenUrl', 'scopes', 'apiBase'];
  const missing = [...propertiesOf(at(crd, 'spec.versions.0.schema.openAPIV3Schema.properties.spec'))].filter(
    (name) => !said.has(name) && !elsewhere.includes(name),
  );
  assert.equal(missing, []);
});

const fieldsOf = (value: unknown): ReadonlySet<string> =>
  new Set(
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, inner]) => [...(Array.isArray(value) ? [] : [name]), ...fieldsOf(inner)])
      : [],
  );

const propertiesOf = (schema: unknown): ReadonlySet<string> =>
  new Set([
    ...Object.entries(Object(at(schema, 'properties'))).flatMap(([name, inner]) => [name, ...propertiesOf(inner)]),
    ...(at(schema, 'items') === undefined ? [] : propertiesOf(at(schema, 'items'))),
  ]);

test.run();
