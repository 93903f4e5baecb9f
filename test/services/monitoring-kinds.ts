/**
 * The kinds of the Prometheus operator for an API server of tests, from beside its programs: `manifests/prom-crds` next to KUBEBUILDER_ASSETS.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeApiServer } from './kube-api-server.ts';
import { until } from './until.ts';

const folder = join(process.env.KUBEBUILDER_ASSETS ?? '', '../manifests/prom-crds');
const names = ['servicemonitors', 'prometheusrules'];

/** Why tests cannot have them here and how to get them, or undefined. */
export const whyNoMonitoringKinds = (): string | undefined =>
  process.env.KUBEBUILDER_ASSETS !== undefined && existsSync(folder)
    ? undefined
    : 'Prometheus operator: no CRDs; put monitoring.coreos.com_*.yaml into manifests/prom-crds beside the directory KUBEBUILDER_ASSETS';

/** Resolves when the server answers for them. */
export const installMonitoringKinds = async (kube: KubeApiServer): Promise<void> => {
  for (const name of names) {
    const file = join(folder, `monitoring.coreos.com_${name}.yaml`);
    const { code, stderr } = await kube.kubectl(['apply', '--server-side', '-f', file]);
    if (code !== 0) throw new Error(`kubectl apply failed: ${stderr}`);
  }
  await until('the kinds', async () => {
    for (const name of names) {
      const { status } = await kube.ask(`/apis/monitoring.coreos.com/v1/${name}`);
      if (status !== 200) throw new Error(`${name}: answered ${status}`);
    }
  });
};
