/**
 * Puts our CustomResourceDefinition on an API server, as an operator does.
 */
import { join } from 'node:path';
import type { KubeApiServer } from './kube-api-server.ts';
import { until } from './until.ts';

export const crdFile = join(import.meta.dirname, '../../deploy/crds/dataactions.dev_dataactionconfigs.yaml');

/** Where DataActionConfigs of a namespace are. */
export const configsPath = (namespace: string): string =>
  `/apis/dataactions.dev/v1alpha1/namespaces/${namespace}/dataactionconfigs`;

/** Resolves when the server answers for DataActionConfigs, to kubectl's discovery too. */
export const installCrd = async (kube: KubeApiServer): Promise<void> => {
  await succeed(kube, ['apply', '--server-side', '-f', crdFile]);
  // Not by `kubectl wait`, which fails where the object has no conditions yet.
  await until('the kind', async () => {
    const { status } = await kube.ask(configsPath('default'));
    const { stdout } = await kube.kubectl(['api-resources', '--api-group=dataactions.dev', '-o', 'name']);
    if (status !== 200 || stdout === '') throw new Error(`answered ${status}`);
  });
};

const succeed = async (kube: KubeApiServer, args: readonly string[]): Promise<void> => {
  const { code, stderr } = await kube.kubectl(args);
  if (code !== 0) throw new Error(`kubectl ${args[0]} failed: ${stderr}`);
};
