/**
 * `cxone-actions validate --database` with a real server: what PostgreSQL says of declared statements, with their lines.
 *
 * also over docker
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareDatabase } from '../services/database.ts';
import { ownDirectory } from '../services/owned.ts';
import { startPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const folder = ownDirectory('validate');

const actionOf = (name: string, statement: string) => `    - name: ${name}
      input: [{name: ids, type: UUID, list: true}]
      lookup:
        statement: ${statement}
        parameters: [tenant_id, ids]
        keys: ids
        keyColumn: id
        output: rows
`;
const tenantOf = (name: string, actions: string) => `apiVersion: dataactions.dev/v1alpha1
kind: DataActionConfig
metadata: {name: ${name}}
spec:
  tenantId: ${name}
  webhook: {secretRefs: [{name: keys, key: webhook}]}
  actions:
${actions}`;

const validate = (yaml: string, url: string, ...more: readonly string[]) => {
  const file = join(folder, 'tenants.yaml');
  writeFileSync(file, yaml);
  const args = [join(root, 'cmd/launch.mjs'), 'cli', 'validate', '-f', 'tenants.yaml', '--database', url, ...more];
  return new Promise<{ status: number; stdout: string; stderr: string }>((resolve) =>
    execFile(process.execPath, args, { cwd: folder }, (error, stdout, stderr) =>
      resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
    ),
  );
};

const fine = 'SELECT id, name FROM customers WHERE tenant_id = $1 AND id = ANY($2)';

test('statements that PostgreSQL takes leave nothing to say; equal ones are asked about once', async () => {
  const actions = actionOf('a', fine) + actionOf('b', fine);
  const { status, stdout, stderr } = await validate(
    `${tenantOf('acme', actions)}---\n${tenantOf('globex', actions)}`,
    database.url,
  );
  assert.equal([status, stderr], [0, '']);
  assert.match(stdout, '2 tenants, 1 statement shown to PostgreSQL: 0 problems, 2 notes');
});

test('a refused statement: its line, its SQLSTATE and what that means, and nothing of the statement', async () => {
  const actions = [
    actionOf('column', fine.replace('name', 'canary_column')),
    actionOf('table', fine.replace('customers', 'canary_table')),
    actionOf('type', fine.replace('id = ANY', 'name = ANY')),
    actionOf('words', fine.replace('FROM', 'FORM')),
    actionOf('change', 'DELETE FROM customers WHERE tenant_id = $1 AND id = ANY($2) RETURNING id'),
  ];
  const { status, stdout } = await validate(tenantOf('acme', actions.join('')), database.url, '--json');
  assert.is(status, 1);
  const { remarks } = JSON.parse(stdout);
  const told = remarks
    .filter(({ severity }: { severity: string }) => severity === 'problem')
    .map(({ line, path, expected }: Record<string, unknown>) => [
      line,
      path,
      /SQLSTATE ([^)]*)/.exec(`${expected}`)?.[1],
    ]);
  assert.equal(told, [
    [11, 'spec.actions[0].lookup.statement', '42703, no such column'],
    [19, 'spec.actions[1].lookup.statement', '42P01, no such table'],
    [27, 'spec.actions[2].lookup.statement', '42883, no such function or operator for these types'],
    [35, 'spec.actions[3].lookup.statement', '42601, syntax error'],
    [43, 'spec.actions[4].lookup.statement', '42501, this role may not do it'],
  ]);
  assert.not.match(stdout, /canary|customers|SELECT/);
});

test('nothing is run, and no connection stays', async () => {
  const before = await database.auditRows();
  await validate(tenantOf('acme', actionOf('a', fine)), database.url);
  assert.is(await database.auditRows(), before);
  await until('the end of its connections', async () => {
    const rows = await database.sql("SELECT 1 FROM pg_stat_activity WHERE usename = 'dataactions_handler'");
    assert.is(rows.length, 0);
  });
});

test('a database without an audit log judges the statements all the same, and says so once', async () => {
  await database.sql('ALTER TABLE audit_log RENAME TO elsewhere');
  try {
    const actions = actionOf('a', fine) + actionOf('b', fine.replace('name', 'status'));
    const { status, stdout } = await validate(tenantOf('acme', actions), database.url);
    assert.is(status, 0, stdout);
    assert.is(stdout.match(/audit_log/g)?.length, 1);
  } finally {
    await database.sql('ALTER TABLE elsewhere RENAME TO audit_log');
  }
});

test('a login that is refused ends with 2 and shows no password', async () => {
  const url = new URL(database.url);
  url.username = 'nobody';
  url.password = 's3cr3t';
  const { status, stdout, stderr } = await validate(tenantOf('acme', actionOf('a', fine)), url.href);
  assert.equal([status, stdout], [2, '']);
  assert.match(stderr, '--database');
  assert.not.match(stderr, 's3cr3t');
});

test.run();
