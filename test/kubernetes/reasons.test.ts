// time limit: 240 s
/**
 * Every reason a DataActionConfig can be not ready for, but for TooManyTenants, on a real API server: what the status says, that the
 * tenant keeps its last good configuration, and that the others never notice.
 */
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ConfigStatus, conditionOf, conditionTypes } from '../../pkg/controller/status.ts';
import { whyNoKube } from '../services/kube-programs.ts';
import { startLoad } from '../services/load.ts';
import { configManifest, secretFor, secretManifest } from '../services/tenant-cluster.ts';
import { startTenantPod, type TenantPod } from '../services/tenant-pod.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const testWithKube = testUnless(whyNoKube());
let it: TenantPod;
/** A tenant that is asked all the time, and has nothing to do with what happens to the others. */
let bystander: ReturnType<typeof startLoad>;

test.before(async () => {
  if (whyNoKube() !== undefined) return;
  it = await startTenantPod('reasons');
  await it.cluster.applyTenant({ name: 'bystander', spec: { limits: { requestsPerSecond: 1_000, burst: 1_000 } } });
  await it.untilAnswered('bystander', 200);
  bystander = startLoad(1, async () => ({ ...(await it.ask('bystander')), headers: {}, json: {} }), { pauseMs: 5 });
});

const statuses = (status: ConfigStatus) => conditionTypes.map((type) => conditionOf(status, type)?.status);
const messageOf = (status: ConfigStatus): string => conditionOf(status, 'Ready')?.message ?? '';
const statement = (column: string) => `SELECT id, ${column} FROM customers WHERE tenant_id = $1 AND id = ANY($2)`;
const lookup = (column: string) => ({
  actions: [
    {
      name: 'process_customer_batch',
      input: [{ name: 'customer_ids', type: 'UUID', list: true }],
      lookup: {
        statement: statement(column),
        parameters: ['tenant_id', 'customer_ids'],
        keys: 'customer_ids',
        keyColumn: 'id',
        output: 'customers',
      },
    },
  ] as const,
});

testWithKube(
  'a Secret that is not there is told by its field; when it comes, the object settles by itself',
  async () => {
    await it.cluster.applyTenant({ name: 'late', secret: undefined });
    const status = await it.cluster.untilReady('late', 'False', 'SecretNotFound');
    assert.equal(statuses(status), ['True', 'False', 'False', 'False']);
    assert.is(
      messageOf(status),
      'spec.webhook.secretRefs[0]: expected a Secret of this namespace; no configuration of the tenant is served',
    );
    await it.cluster.apply(secretManifest('late', { other: 'x'.repeat(20) }));
    await it.cluster.untilReady('late', 'False', 'SecretKeyMissing');
    await it.cluster.apply(secretManifest('late', { current: 'short' }));
    await it.cluster.untilReady('late', 'False', 'SecretTooShort');
    assert.is((await it.ask('late')).status, 401);
    await it.cluster.apply(secretManifest('late', { current: secretFor('late') }));
    await it.untilAnswered('late', 200);
    await it.cluster.untilReady('late', 'True', 'Applied');
  },
);

testWithKube('a Secret that goes leaves the last good keys in force', async () => {
  await it.cluster.remove('Secret', 'late');
  const status = await it.cluster.untilReady('late', 'False', 'SecretNotFound');
  assert.match(messageOf(status), /; the last good configuration is served, with the newest keys$/);
  assert.is((await it.ask('late')).status, 200);
  await it.cluster.apply(secretManifest('late', { current: secretFor('late') }));
  await it.cluster.untilReady('late', 'True', 'Applied');
});

testWithKube('the oldest object of a tenant has it; when it goes, the next one does', async () => {
  await it.cluster.applyTenant({ name: 'first', spec: { tenantId: 'shared' } });
  await it.cluster.untilReady('first', 'True', 'Applied');
  // Ages are whole seconds; of two of one age the name decides.
  await it.cluster.applyTenant({ name: 'second', spec: { tenantId: 'shared' } });
  const status = await it.cluster.untilReady('second', 'False', 'DuplicateTenant');
  assert.equal(statuses(status), ['False', 'False', 'False', 'False']);
  assert.is(status.revision, undefined);
  assert.is((await it.ask('shared', secretFor('first'))).status, 200);
  assert.is((await it.ask('shared', secretFor('second'))).status, 401);
  await it.cluster.remove('DataActionConfig', 'first');
  await it.untilAnswered('shared', 200, secretFor('second'));
  await it.cluster.untilReady('second', 'True', 'Applied');
  assert.is((await it.ask('shared', secretFor('first'))).status, 401);
});

testWithKube('what PostgreSQL refuses is told without its text, and the last good one answers', async () => {
  await it.cluster.applyTenant({ name: 'refused', spec: lookup('name') });
  const before = await it.cluster.untilReady('refused', 'True', 'Applied');
  await it.cluster.applyTenant({ name: 'refused', spec: lookup('no_such_column') });
  const status = await it.cluster.untilReady('refused', 'False', 'StatementRejected');
  assert.equal(statuses(status), ['True', 'True', 'False', 'False']);
  assert.match(messageOf(status), /^spec\.actions\[0\]\.lookup\.statement: PostgreSQL refuses it \(SQLSTATE 42703\)/);
  assert.not.match(messageOf(status), 'no_such_column');
  assert.is(status.revision, before.revision);
  assert.is((await it.ask('refused')).status, 200);
  await it.database.sql('ALTER TABLE customers ADD no_such_column text');
  await it.cluster.untilReady('refused', 'True', 'Applied');
});

testWithKube('what PostgreSQL refuses is told though it cannot be asked about a statement in front of it', async () => {
  await it.database.sql('CREATE TABLE locked AS SELECT * FROM customers');
  await it.database.sql('GRANT SELECT ON locked TO PUBLIC');
  const holder = new Client({ connectionString: it.postgres.url });
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE');
  const [{ lookup: good, ...action }] = lookup('name').actions;
  const [{ lookup: bad }] = lookup('missing_column').actions;
  const locked = { ...good, statement: good.statement.replace('customers', 'locked') };
  const actions = [
    { ...action, lookup: locked },
    { ...action, name: 'second', lookup: bad },
  ];
  await it.cluster.applyTenant({ name: 'behind', spec: { actions } });
  const status = await it.cluster.untilReady('behind', 'False', 'StatementRejected');
  assert.match(messageOf(status), /^spec\.actions\[1\]\.lookup\.statement: PostgreSQL refuses it/);
  await holder.end();
});

testWithKube('a suspended tenant is refused, and says so', async () => {
  await it.cluster.applyTenant({ name: 'paused' });
  await it.untilAnswered('paused', 200);
  await it.cluster.applyTenant({ name: 'paused', spec: { suspend: true } });
  await it.untilAnswered('paused', 401);
  const status = await it.cluster.untilReady('paused', 'False', 'Suspended');
  assert.equal(statuses(status), ['True', 'True', 'True', 'False']);
  await it.cluster.applyTenant({ name: 'paused' });
  await it.untilAnswered('paused', 200);
});

testWithKube(
  'what the API server lets through and the parser does not is InvalidSpec, and survives a new controller',
  async () => {
    const good = configManifest('odd');
    await it.cluster.applyTenant({ name: 'odd' });
    await it.cluster.untilReady('odd', 'True', 'Applied');
    const pattern = { name: 'ids', type: 'String', list: true, pattern: '(?P<n>a)(?P<n>b)' };
    const [action] = lookup('name').actions;
    const spec = { actions: [{ ...action, input: [{ ...pattern, name: 'customer_ids' }] }] };
    await it.cluster.applyTenant({ name: 'odd', spec });
    const status = await it.cluster.untilReady('odd', 'False', 'InvalidSpec');
    assert.match(messageOf(status), /^spec\.actions\[0\]\.input\[0\]\.pattern: /);
    assert.is((await it.ask('odd')).status, 200);
    await it.pod.controller.kill();
    await it.pod.controller.start();
    await until('a leader', async () => assert.match((await it.pod.controller.page('/metrics')).text, /_leader 1/));
    assert.is((await it.ask('odd')).status, 200);
    await it.cluster.apply(good);
    await it.cluster.untilReady('odd', 'True', 'Applied');
  },
);

testWithKube('a handler that is down gives WaitingForHandler and never Ready', async () => {
  await it.cluster.applyTenant({ name: 'waits' });
  const before = await it.cluster.untilReady('waits', 'True', 'Applied');
  const { answered, failures, statuses: seen } = await bystander.stop();
  assert.equal([seen, failures], [[200], []], `of ${answered.length}`);
  await it.pod.handler.stop();
  await it.cluster.applyTenant({ name: 'waits', spec: { limits: { batchSize: 7 } } });
  const status = await it.cluster.untilReady('waits', 'Unknown', 'WaitingForHandler');
  assert.is(status.observedGeneration, 2);
  assert.equal(statuses(status), ['True', 'True', 'Unknown', 'Unknown']);
  // The others are not vouched for any longer, either.
  await it.cluster.untilReady('bystander', 'Unknown', 'WaitingForHandler');
  await it.pod.handler.start();
  const after = await it.cluster.untilReady('waits', 'True', 'Applied');
  assert.is.not(after.revision, before.revision);
  await it.cluster.untilReady('bystander', 'True', 'Applied');
});

test.after(async () => {
  await bystander?.stop();
  await it?.pod.stop();
});
test.run();
