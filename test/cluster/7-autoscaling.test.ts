/**
 * The HorizontalPodAutoscaler on what the metrics server really measures: load brings a pod, and nobody notices.
 *
 * Switching it on is a change of its own: the Deployment then has one pod for a moment, until the autoscaler sees to its minimum.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testUnless } from '../services/test-unless.ts';
import { startBusy } from './busy.ts';
import { whyNoCluster } from './cluster-script.ts';
import { eventually, read } from './kubectl.ts';
import { apply, fullName, namespace, pods, settled } from './release.ts';

const onCluster = testUnless(whyNoCluster());

/** Of the CPU request of 100m: far below what the load takes, and far above what an idle pod does. */
const targetPercent = 30;

const scaling = [
  'autoscaling.enabled=true',
  'autoscaling.maxReplicas=3',
  `autoscaling.targetCPUUtilization=${targetPercent}`,
];

const ofHpa = (path: string): Promise<string> => read(['hpa', fullName, '--namespace', namespace], path);

onCluster(
  'load on the handlers brings a third pod, by figures of the metrics server, and loses no request',
  async () => {
    await settled(2);
    await using busy = await startBusy();
    await apply('upgrade', { tag: 'test-1', set: scaling });
    await eventually('a third pod', async () => {
      const said = await ofHpa('{.status.conditions[?(@.type=="ScalingActive")].message}');
      assert.is(await ofHpa('{.status.desiredReplicas}'), '3', said);
      assert.is((await pods()).filter(({ ready }) => ready).length, 3);
    });
    // A pod without a figure yet leaves the status without one until the next measurement.
    await eventually('a figure of what the handlers use', async () => {
      const used = await ofHpa('{.status.currentMetrics[0].containerResource.current.averageUtilization}');
      assert.ok(Number(used) > 0, `averageUtilization is "${used}"`);
    });
    assert.is(await ofHpa('{.spec.metrics[0].containerResource.container}'), 'handler');
    await busy.lostNothing();
  },
);

test.run();
