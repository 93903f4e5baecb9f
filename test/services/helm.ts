/**
 * Helm as people use it: renders the chart to plain objects, or says why not. Nothing of this machine's user, no cluster.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { findProgram } from './kube-programs.ts';
import { ownDirectory } from './owned.ts';

export const chartFolder = join(import.meta.dirname, '../../charts/cxone-data-actions');

/** Why tests cannot have Helm here and how to get it, or undefined. */
export const whyNoHelm = (): string | undefined =>
  findProgram('helm') === undefined
    ? 'Helm: no helm; put it on the PATH, or into the directory KUBEBUILDER_ASSETS'
    : undefined;

export interface HelmResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const timeoutMs = 120_000;

/** @param kubeconfig  file; left out: there is no cluster
 * @throws what `whyNoHelm` says */
export const helm = (args: readonly string[], kubeconfig?: string): HelmResult => {
  const program = findProgram('helm');
  if (program === undefined) throw new Error(whyNoHelm());
  const home = ownDirectory('helm');
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: timeoutMs,
    maxBuffer: 2 ** 26,
    env: { PATH: process.env.PATH, HOME: home, KUBECONFIG: kubeconfig ?? join(home, 'none') },
  });
  return { code: status, stdout, stderr };
};

export interface RenderOptions {
  /** As of a values file. */
  readonly values?: object;
  /** Names of files in the chart's folder `ci`. */
  readonly files?: readonly string[];
  readonly kubeVersion?: string;
  /** What the cluster has besides, as `group/version/Kind`. */
  readonly apiVersions?: readonly string[];
  readonly release?: string;
  readonly namespace?: string;
}

export const renderArguments = ({
  values = {},
  files = [],
  kubeVersion = '1.35.0',
  apiVersions = [],
  release = 'test',
  namespace = 'here',
}: RenderOptions): readonly string[] => {
  const own = join(ownDirectory('values'), 'values.yaml');
  writeFileSync(own, stringify(values));
  return [
    release,
    chartFolder,
    `--namespace=${namespace}`,
    `--kube-version=${kubeVersion}`,
    ...files.map((file) => `--values=${join(chartFolder, 'ci', file)}`),
    `--values=${own}`,
    ...apiVersions.map((version) => `--api-versions=${version}`),
  ];
};

export type Fields = { readonly [field: string]: unknown };

/** @throws with what Helm says */
export const renderText = (options: RenderOptions = {}): string => {
  const { code, stdout, stderr } = helm(['template', ...renderArguments(options)]);
  if (code !== 0) throw new Error(`helm: ${stderr}`);
  return stdout;
};

/** @throws with what Helm says, or at what is no YAML */
export const render = (options: RenderOptions = {}): readonly Manifest[] => readManifests(renderText(options));

/** What Helm says of values that it refuses. @throws when it does not */
export const refusalOf = (options: RenderOptions): string => {
  const { code, stderr } = helm(['template', ...renderArguments(options)]);
  if (code === 0) throw new Error('helm refused nothing');
  return stderr;
};

/** An object of Kubernetes. */
export interface Manifest extends Fields {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Fields & { readonly name: string };
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isManifest = (value: unknown): value is Manifest =>
  isFields(value) &&
  typeof value.apiVersion === 'string' &&
  typeof value.kind === 'string' &&
  isFields(value.metadata) &&
  typeof value.metadata.name === 'string';

/** @throws at a document that is no object of Kubernetes, or has a key twice */
export const readManifests = (text: string): readonly Manifest[] =>
  parseAllDocuments(text, { uniqueKeys: true }).flatMap((document) => {
    const [error] = document.errors;
    if (error) throw error;
    const value: unknown = document.toJS();
    if (value === null) return [];
    if (!isManifest(value)) throw new Error(`no object of Kubernetes: ${JSON.stringify(value).slice(0, 200)}`);
    return [value];
  });

/** @param path  steps with dots between, numbers for places in a list; empty: the value itself */
export const at = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .filter((step) => step !== '')
    .reduce<unknown>(
      (inner, step) => (isFields(inner) || Array.isArray(inner) ? Reflect.get(inner, step) : undefined),
      value,
    );

/** The list at `path`, empty where there is none. */
export const listAt = (value: unknown, path: string): readonly unknown[] => {
  const list = at(value, path);
  return Array.isArray(list) ? list : [];
};

/** The objects of a kind, whose names end with `suffix`. */
export const ofKind = (manifests: readonly Manifest[], kind: string, suffix = ''): readonly Manifest[] =>
  manifests.filter((manifest) => manifest.kind === kind && manifest.metadata.name.endsWith(suffix));

/** The only object of its kind and suffix. @throws where there is none, or are several */
export const theOnly = (manifests: readonly Manifest[], kind: string, suffix = ''): Manifest => {
  const [only, ...others] = ofKind(manifests, kind, suffix);
  if (only === undefined || others.length > 0)
    throw new Error(`${kind} …${suffix}: found ${only ? others.length + 1 : 0}`);
  return only;
};
