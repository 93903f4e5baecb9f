import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { metricPrefix, metricTable } from './metric-table.ts';
import { createMetrics, type Metrics } from './metrics.ts';

const quiet = { processMetrics: false } as const;
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';

/** The lines of one metric's samples, without the prefix. */
const samples = async (metrics: Metrics, name: string, openMetrics = false): Promise<readonly string[]> => {
  const { text } = await metrics.scrape(openMetrics);
  return text
    .split('\n')
    .filter((line) => line.startsWith(metricPrefix + name))
    .map((line) => line.slice(metricPrefix.length));
};

test('counters add, gauges hold, histograms count and sum', async () => {
  const metrics = createMetrics(quiet);
  metrics.count('rollback_total', { tenant_id: 'acme' });
  metrics.count('rollback_total', { tenant_id: 'acme' }, 2);
  metrics.set('pool_waiting', {}, 5);
  metrics.set('pool_waiting', {}, 3);
  metrics.observe('coalesced_batch_size', {}, 1);
  metrics.observe('coalesced_batch_size', {}, 7);
  assert.equal(await samples(metrics, 'rollback_total'), ['rollback_total{tenant_id="acme"} 3']);
  assert.equal(await samples(metrics, 'pool_waiting'), ['pool_waiting 3']);
  assert.equal(await samples(metrics, 'coalesced_batch_size_sum'), ['coalesced_batch_size_sum 8']);
  assert.equal(await samples(metrics, 'coalesced_batch_size_count'), ['coalesced_batch_size_count 2']);
});

test('both texts have their content type, and every metric of the table with its help', async () => {
  const metrics = createMetrics(quiet);
  const plain = await metrics.scrape(false);
  const open = await metrics.scrape(true);
  assert.is(plain.contentType, 'text/plain; version=0.0.4; charset=utf-8');
  assert.is(open.contentType, 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  for (const [name, { type }] of Object.entries(metricTable)) {
    assert.ok(plain.text.includes(`# TYPE ${metricPrefix}${name} ${type}\n`), name);
    const openName = type === 'counter' ? name.replace(/_total$/, '') : name;
    assert.ok(open.text.includes(`# TYPE ${metricPrefix}${openName} ${type}\n`), openName);
  }
  assert.ok(open.text.endsWith('# EOF\n'));
  assert.not.match(plain.text, /# EOF/);
});

test('a trace id is an exemplar of its bucket in OpenMetrics, and absent from the plain text', async () => {
  const metrics = createMetrics(quiet);
  const labels = { action_kind: 'lookup', status: '200' };
  metrics.observe('request_duration_seconds', labels, 0.003, traceId);
  metrics.observe('request_duration_seconds', labels, 0.004);
  const open = (await samples(metrics, 'request_duration_seconds_bucket', true)).filter((line) =>
    line.includes(traceId),
  );
  assert.is(open.length, 1);
  assert.match(open[0] ?? '', /le="0\.005".*\} 2 # \{trace_id="4bf92f3577b34da6a3ce929d0e0e4736"\} 0\.003 \d/);
  assert.not.match((await metrics.scrape(false)).text, /trace_id|# \{/);
});

test('a gauge that nobody has set says nothing', async () => {
  const metrics = createMetrics(quiet);
  for (const name of ['redis_policy_ok', 'config_last_reload_success', 'pool_waiting'] as const) {
    assert.equal(await samples(metrics, name), [], name);
  }
});

test('values that a metric cannot take change nothing and never throw', async () => {
  const metrics = createMetrics(quiet);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    metrics.count('rollback_total', { tenant_id: 'acme' }, value);
    metrics.set('pool_waiting', {}, value);
    metrics.observe('coalesced_batch_size', {}, value, traceId);
  }
  metrics.count('rollback_total', { tenant_id: 'acme' }, -1);
  assert.equal(await samples(metrics, 'rollback_total'), []);
  assert.equal(await samples(metrics, 'pool_waiting'), []);
  assert.equal(await samples(metrics, 'coalesced_batch_size_count'), ['coalesced_batch_size_count 0']);
});

test('values of labels are escaped', async () => {
  const metrics = createMetrics(quiet);
  metrics.count('shed_total', { reason: 'a"b\\c\nd' });
  assert.equal(await samples(metrics, 'shed_total'), ['shed_total{reason="a\\"b\\\\c\\nd"} 1']);
});

test('an OpenMetrics scrape takes nothing off the plain text after it', async () => {
  const metrics = createMetrics({ processMetrics: true });
  metrics.count('requests_total', { tenant_id: 'acme', status: '200' });
  await metrics.scrape(true);
  const { text } = await metrics.scrape(false);
  assert.match(text, /^# TYPE cxone_dataaction_requests_total counter$/m);
  assert.match(text, /^cxone_dataaction_requests_total\{/m);
  assert.match(text, /^# TYPE process_cpu_seconds_total counter$/m);
});

test('scrapes at the same time all get the same, whole text', async () => {
  const metrics = createMetrics({ processMetrics: true });
  metrics.count('requests_total', { tenant_id: 'acme', status: '200' });
  const texts = await Promise.all(
    Array.from({ length: 40 }, (_, index) => metrics.scrape(index % 2 === 0).then(({ text }) => text)),
  );
  for (const text of texts) {
    assert.is(text.split(`${metricPrefix}requests_total{tenant_id="acme",status="200"} 1`).length, 2);
    assert.match(text, /^process_cpu_user_seconds_total /m);
  }
});

test('readers run before each scrape, so that what they set is in it', async () => {
  const metrics = createMetrics(quiet);
  let waiting = 0;
  metrics.beforeScrape(() => metrics.set('pool_waiting', {}, ++waiting));
  assert.equal(await samples(metrics, 'pool_waiting'), ['pool_waiting 1']);
  assert.equal(await samples(metrics, 'pool_waiting', true), ['pool_waiting 2']);
});

test('a forgotten metric has no series but what comes after', async () => {
  const metrics = createMetrics(quiet);
  metrics.set('config_revision_info', { revision: 'old' }, 1);
  metrics.forget('config_revision_info');
  metrics.set('config_revision_info', { revision: 'new' }, 1);
  assert.equal(await samples(metrics, 'config_revision_info'), ['config_revision_info{revision="new"} 1']);
});

test('forgotten tenants leave no series of any type, and the others keep theirs', async () => {
  const metrics = createMetrics(quiet);
  for (const tenant_id of ['acme', 'globex', 'acme2']) {
    for (const status of ['200', '401']) metrics.count('requests_total', { tenant_id, status });
    metrics.observe('query_duration_seconds', { tenant_id, status: 'success' }, 0.1, traceId);
  }
  const names = ['requests_total', 'query_duration_seconds', 'rollback_total'] as const;
  metrics.forgetTenants(names, new Set(['acme', 'globex']));
  for (const openMetrics of [false, true]) {
    const { text } = await metrics.scrape(openMetrics);
    assert.not.match(text, /tenant_id="(?:acme|globex)"/);
    assert.is(text.split('tenant_id="acme2",status="200"').length, 2);
    assert.match(text, /query_duration_seconds_count\{tenant_id="acme2",status="success"\} 1/);
  }
});

test('two sets in one process know nothing of each other', async () => {
  const [one, two] = [createMetrics({ processMetrics: true }), createMetrics({ processMetrics: true })];
  one.set('pool_waiting', {}, 1);
  assert.equal(await samples(two, 'pool_waiting'), []);
});

test.run();
