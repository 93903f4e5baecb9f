// time limit: 240 s
/**
 * The dashboard and the rules against what is really there: a real Prometheus scrapes a real handler and a real controller, every query of the
 * dashboard returns data, and every selector of the rules names series, labels and values that exist.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { statusOf } from '../../pkg/http/status.ts';
import { controllerMetricTable } from '../../pkg/telemetry/controller-metric-table.ts';
import { type MetricEntry, metricPrefix, metricTable } from '../../pkg/telemetry/metric-table.ts';
import { whyNoKube } from '../services/kube-programs.ts';
import { type Sample, type Selector, type TestPrometheus, whyNoPrometheus } from '../services/prometheus.ts';
import { whyNoRedis } from '../services/redis.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';
import { alertRules, recordingRules } from './alert-rules.ts';
import { annotationQueries, dataSources, filled, panels, variables } from './dashboard-queries.ts';
import { ownMetrics, seriesIn } from './known-series.ts';
import { paperQueries } from './paper-queries.ts';
import { job, namespace, podName, startWatchedPod, type WatchedPod } from './watched-pod.ts';

const missing = whyNoPrometheus() ?? whyNoKube() ?? (await whyNoRedis());
const testPrometheus = testUnless(missing);
const rows = panels.filter(({ type }) => type === 'row');
const shown = panels.filter(({ type }) => type !== 'row');

test('every panel has a title of its own, words, a unit, and queries that name what they are', () => {
  assert.is(new Set(shown.map(({ title }) => title)).size, shown.length);
  assert.is(new Set(panels.map(({ id }) => id)).size, panels.length);
  for (const { title, description, unit, queries } of shown) {
    assert.ok(description.length > 20, title);
    assert.ok(unit.length > 0, title);
    assert.ok(queries.length > 0, title);
    if (queries.length > 1) for (const { legendFormat } of queries) assert.not.match(legendFormat, '__auto', title);
  }
});

test('the rows are those that an operator looks for', () => {
  assert.equal(
    rows.map(({ title }) => title),
    ['Callers', 'Tenants', 'Cache', 'Database', 'CXone', 'Configuration', 'Process'],
  );
});

test('no panel lies over another one, or beyond the edge', () => {
  const taken = new Set<string>();
  for (const { title, place } of panels) {
    assert.ok(place.x + place.w <= 24, title);
    for (let x = place.x; x < place.x + place.w; x += 1)
      for (let y = place.y; y < place.y + place.h; y += 1) {
        assert.not(taken.has(`${x},${y}`), title);
        taken.add(`${x},${y}`);
      }
  }
});

test('everything comes from the chosen data source, and of the chosen namespace and release', () => {
  assert.equal(new Set(dataSources), new Set(['-- Grafana --', '$' + '{datasource}']));
  assert.equal(
    variables.map(({ name, type }) => [name, type]),
    [['datasource', 'datasource'], ...['namespace', 'job', 'pod', 'tenant'].map((name) => [name, 'query'])],
  );
  for (const { title, queries } of shown)
    for (const { expr } of queries)
      for (const [, labels = ''] of expr.matchAll(/\{([^}]*)\}/g))
        assert.match(labels, /^namespace="\$namespace",job="\$job"/, title);
});

test('every metric of ours is shown', () => {
  const series = new Set(shown.flatMap(({ queries }) => queries.flatMap(({ expr }) => seriesIn(expr))));
  const forms = (name: string) => ['', '_bucket', '_count', '_sum'].map((end) => name + end);
  assert.equal(
    ownMetrics.filter((name) => !forms(name).some((form) => series.has(form))),
    [],
  );
});

/** A scrape that took too long on a busy machine hides all series of its endpoint until the next. */
const lately = (selector: string): string => `last_over_time(${selector}[10m])`;

const pod: WatchedPod | undefined = missing === undefined ? await startWatchedPod() : undefined;
const watched = (): WatchedPod => {
  if (pod === undefined) throw new Error(missing);
  return pod;
};
/** Of traffic, each with a scrape after it: a rate needs two. */
const roundsMax = 40;
const chosen = { namespace, job, pod: '.*', tenant: '.*' };

const hasData = (samples: readonly Sample[]): boolean => samples.some(({ value }) => !Number.isNaN(value));

/** Those that return nothing, or nothing but NaN. */
const withoutData = async (prometheus: TestPrometheus, exprs: readonly string[]): Promise<readonly string[]> => {
  const answers = await Promise.all(
    exprs.map(async (expr) => ({ expr, samples: await prometheus.query(filled(expr, chosen)) })),
  );
  return answers.filter(({ samples }) => !hasData(samples)).map(({ expr }) => expr);
};

testPrometheus('every query of the dashboard returns data', async () => {
  const { prometheus, traffic, scraped, change } = watched();
  const exprs = [...shown.flatMap(({ queries }) => queries.map(({ expr }) => expr)), ...annotationQueries];
  assert.ok(exprs.length > 60);
  await change();
  let empty: readonly string[] = exprs;
  for (let round = 0; empty.length > 0 && round < roundsMax; round += 1) {
    await traffic();
    await scraped();
    empty = await withoutData(prometheus, empty);
  }
  assert.equal(empty, []);
});

testPrometheus('the variables offer what there is', async () => {
  const { prometheus } = watched();
  const offered: Record<string, readonly string[]> = {};
  for (const { name, type, query } of variables) {
    const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(query) ?? [];
    if (type === 'query') offered[name] = await prometheus.labelValues(label, filled(selector, chosen));
  }
  assert.equal(offered, {
    namespace: [namespace],
    job: [job],
    pod: [podName],
    tenant: ['acme', 'globex', 'narrow', 'none'],
  });
});

testPrometheus('Prometheus evaluates every rule', async () => {
  const { prometheus } = watched();
  await until('the rules', async () => {
    const rules = await prometheus.rules();
    assert.is(rules.length, alertRules.length + recordingRules.length);
    for (const { name, health, lastError } of rules) assert.is(health, 'ok', `${name}: ${health} ${lastError}`);
  });
});

const entries: Readonly<Record<string, MetricEntry>> = { ...metricTable, ...controllerMetricTable };
const statuses = new Set(['200', ...Object.values(statusOf).map(String)]);

/** Whether a label can have it: by what was seen, or by what the metric's own text says. */
const canBe = async ({ metric }: Selector, label: string, value: string): Promise<boolean> => {
  const { help = '' } = entries[metric.replace(metricPrefix, '').replace(/_(?:bucket|count|sum)$/, '')] ?? {};
  if (label === 'status' && statuses.has(value)) return true;
  if (label === 'tenant_id') return ['none', 'other'].includes(value);
  if (new RegExp(`(?<![\\w])${value}(?![\\w])`).test(help)) return true;
  return (await watched().prometheus.query(lately(`${metric}{${label}="${value}"}`))).length > 0;
};

testPrometheus('every selector of the rules names series, labels and values that exist', async () => {
  const { prometheus } = watched();
  for (const { expr, ...rule } of [...alertRules, ...recordingRules]) {
    const name = 'alert' in rule ? rule.alert : rule.record;
    const selectors = await prometheus.selectorsOf(expr);
    assert.ok(selectors.length > 0, name);
    for (const selector of selectors) {
      assert.ok((await prometheus.query(lately(selector.metric))).length > 0, `${name}: ${selector.metric}`);
      for (const { name: label, value } of selector.matchers.filter((matcher) => matcher.name !== '__name__'))
        for (const each of value.split('|'))
          assert.ok(await canBe(selector, label, each), `${name}: ${selector.metric}{${label}="${each}"}`);
    }
  }
});

testPrometheus('Prometheus understands every query of the papers', async () => {
  const { prometheus } = watched();
  const names = { NS: namespace, POD: podName, TENANT: 'acme' };
  assert.ok(paperQueries.length > 50);
  for (const { paper, expr } of paperQueries) {
    const asked = prometheus
      .query(filled(expr, names))
      .catch((error: unknown) => assert.unreachable(`${paper}: ${error}`));
    assert.not.match(filled(expr, names), '$', `${paper}: ${expr}`);
    await asked;
  }
});

testPrometheus('the two endpoints of a pod share its labels, and no series of ours lacks them', async () => {
  const { prometheus } = watched();
  const found = await prometheus.query(
    `count by (namespace, job, pod, container) (${lately(`{__name__=~"${metricPrefix}.+"}`)})`,
  );
  assert.equal(
    found.map(({ labels }) => labels).sort((a, b) => ((a.container ?? '') < (b.container ?? '') ? -1 : 1)),
    ['controller', 'handler'].map((container) => ({ namespace, job, pod: podName, container })),
  );
});

test.after(() => pod?.stop());
test.run();
