/**
 * What the Prometheus operator makes of the chart's ServiceMonitor and PrometheusRule: series of both containers, rules that can be evaluated,
 * and an alert that fires when something breaks and ends when it is mended.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type PrometheusClient, prometheusClient } from '../services/prometheus.ts';
import { testUnless } from '../services/test-unless.ts';
import { startBusy } from './busy.ts';
import { whyNoCluster } from './cluster-script.ts';
import { eventually, kubectl, read } from './kubectl.ts';
import { fullName, namespace, settled } from './release.ts';

const onCluster = testUnless(whyNoCluster());

const openPrometheus = async (): Promise<PrometheusClient> => {
  const address = await read(['service', 'prometheus', '--namespace', 'monitoring'], '{.spec.clusterIP}');
  return prometheusClient(`http://${address}:9090`);
};

onCluster('both containers of every pod are scraped by way of the ServiceMonitor', async () => {
  const prometheus = await openPrometheus();
  const names = (await settled(2)).map(({ name }) => name);
  await eventually('four targets', async () => {
    const up = await prometheus.query(`up{namespace="${namespace}"} == 1`);
    assert.equal(
      up.map(({ labels }) => `${labels.pod} ${labels.container}`).sort(),
      names.flatMap((name) => [`${name} controller`, `${name} handler`]).sort(),
    );
  });
  for (const metric of ['config_last_reload_success', 'watch_connected']) {
    const samples = await prometheus.query(`cxone_dataaction_${metric}{namespace="${namespace}"} == 1`);
    assert.equal(samples.map(({ labels }) => labels.pod).sort(), [...names].sort(), metric);
  }
  const leaders = await prometheus.query(`cxone_dataaction_leader{namespace="${namespace}"} == 1`);
  assert.is(leaders.length, 1);
});

onCluster("the chart's rules are loaded, and all of them can be evaluated", async () => {
  const prometheus = await openPrometheus();
  const rule = ['prometheusrule', fullName, '--namespace', namespace];
  const names = await read(rule, '{.spec.groups[*].rules[*].alert} {.spec.groups[*].rules[*].record}');
  const expected = names.split(' ').sort();
  assert.ok(expected.length > 10);
  await eventually('the rules', async () => {
    const ours = (await prometheus.rules()).filter(({ name }) => expected.includes(name));
    assert.equal(ours.map(({ name }) => name).sort(), expected);
    assert.equal(
      ours.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => `${name}: ${lastError}`),
      [],
    );
  });
});

const alert = 'DataActionsRedisAway';
const redis = `deployment/${fullName}-redis`;

const scaleRedis = async (replicas: number): Promise<void> => {
  await kubectl(['scale', redis, '--namespace', namespace, `--replicas=${replicas}`]);
};

onCluster('a Redis that is gone loses no request, and its alert fires until it is back', async () => {
  const prometheus = await openPrometheus();
  const names = (await settled(2)).map(({ name }) => name);
  const firing = async () =>
    (await prometheus.query(`ALERTS{alertname="${alert}",alertstate="firing",namespace="${namespace}"}`)).map(
      ({ labels }) => labels.pod,
    );
  // A pod that the story before has ended may have been seen without Redis at last.
  await eventually('no alert of before', async () => assert.equal(await firing(), []));
  await using busy = await startBusy();
  try {
    await scaleRedis(0);
    await eventually(`${alert} of both pods`, async () => assert.equal((await firing()).sort(), [...names].sort()));
  } finally {
    await scaleRedis(1);
  }
  await kubectl(['rollout', 'status', redis, '--namespace', namespace]);
  await eventually(`the end of ${alert}`, async () => assert.equal(await firing(), []));
  await busy.lostNothing();
});

test.run();
