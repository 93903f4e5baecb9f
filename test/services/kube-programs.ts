/**
 * Where the programs of a Kubernetes API server are: in the directory KUBEBUILDER_ASSETS, else on the PATH.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const kubeNames = ['etcd', 'kube-apiserver', 'kubectl'] as const;
export type KubePrograms = Readonly<Record<(typeof kubeNames)[number], string>>;

/** @returns its path, or undefined */
export const findProgram = (name: string): string | undefined =>
  [process.env.KUBEBUILDER_ASSETS ?? '', ...(process.env.PATH ?? '').split(delimiter)]
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));

/** Why tests cannot have a Kubernetes API server here and how to get one, or undefined. */
export const whyNoKube = (): string | undefined => {
  const missing = [...kubeNames, 'openssl'].filter((name) => findProgram(name) === undefined);
  if (missing.length === 0) return undefined;
  return `Kubernetes: no ${missing.join(', ')}; set KUBEBUILDER_ASSETS to the directory that \`setup-envtest use -p path\` prints`;
};

/** @throws what `whyNoKube` says */
export const kubePrograms = (): KubePrograms => {
  const [etcd, server, kubectl] = kubeNames.map(findProgram);
  if (etcd === undefined || server === undefined || kubectl === undefined) throw new Error(whyNoKube());
  return { etcd, 'kube-apiserver': server, kubectl };
};
