/**
 * The script that makes and removes a whole throw-away cluster: TEST_CLUSTER_SCRIPT, or `cluster.sh` in the directory above
 * KUBEBUILDER_ASSETS. It understands
 *
 *   up                 starts it            env               prints `export KUBECONFIG=… PATH=…`, with kubectl and helm
 *   load-image TAR…    as docker saves it   addon NAME…       monitoring (prometheus-operator), metrics (metrics-server), ingress
 *   down               removes all of it
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const find = (): string | undefined => {
  const { TEST_CLUSTER_SCRIPT: named, KUBEBUILDER_ASSETS: assets } = process.env;
  const candidates = [named, assets && join(dirname(assets), 'cluster.sh')];
  return candidates.find((path) => path !== undefined && path !== '' && existsSync(path));
};

/** Why tests cannot have a cluster here and how to get one, or undefined. */
export const whyNoCluster = (): string | undefined => {
  if (find() === undefined)
    return 'no cluster: set TEST_CLUSTER_SCRIPT to a script as test/cluster/cluster-script.ts describes it';
  if (process.getuid?.() !== 0) return 'no cluster: its script needs root';
  if (spawnSync(process.env.TEST_DOCKER ?? 'docker', ['version'], { stdio: 'ignore' }).status !== 0)
    return 'no cluster: no Docker daemon to build the image with';
  return undefined;
};

/** @throws what `whyNoCluster` says */
export const clusterScript = (): string => {
  const script = find();
  if (script === undefined) throw new Error(whyNoCluster());
  return script;
};
