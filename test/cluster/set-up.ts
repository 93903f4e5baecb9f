/**
 * Before the stories: a cluster of this run's own with its add-ons, the images in it, PostgreSQL beside it, and the namespace that waits for
 * the release. Afterwards nothing of it is left, however the run ends; what a killed run left is removed by the next one.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../../cmd/dev/process-tree.ts';
import { clusterScript } from './cluster-script.ts';
import { endCommands, run } from './command.ts';
import { databaseUrl, ownerUrl, startDatabase } from './database.ts';
import { buildImages, loadImages } from './images.ts';
import { kubectl } from './kubectl.ts';
import { namespace } from './release.ts';

export interface TestCluster {
  /** For the stories' processes: KUBECONFIG, and the PATH with kubectl and helm. */
  readonly environment: Readonly<Record<string, string>>;
  takeDown(): void;
}

/** Has the process id of the run whose cluster it is. */
const ownerFile = join(tmpdir(), 'cxone-data-actions-test-cluster.pid');
const upTimeoutMs = 300_000;
const addons = ['ingress', 'metrics', 'monitoring'] as const;

const environmentOf = async (script: string): Promise<Readonly<Record<string, string>>> => {
  const print = 'eval "$("$0" env)" && printf "%s\\n%s" "$KUBECONFIG" "$PATH"';
  const [KUBECONFIG = '', PATH = ''] = (await run('bash', ['-c', print, script])).split('\n');
  return { KUBECONFIG, PATH };
};

const down = (script: string): void => {
  endCommands();
  spawnSync(script, ['down'], { stdio: 'ignore' });
  rmSync(ownerFile, { force: true });
};

/** @throws where the machine has a cluster that is not ours to remove */
const clearStale = (script: string, kubeconfig: string): void => {
  const owner = existsSync(ownerFile) ? Number(readFileSync(ownerFile, 'utf8')) : undefined;
  if (owner !== undefined && isAlive(owner)) throw new Error(`the cluster is in use by process ${owner}`);
  if (owner === undefined && existsSync(kubeconfig))
    throw new Error(`a cluster is up that no test started: end it with \`${script} down\``);
  if (owner !== undefined) down(script);
};

/** Name, and `key=value`. */
const secrets = [
  ['handler-database', `database-url=${databaseUrl}`],
  ['schema-database', `database-owner-url=${ownerUrl}`],
  ['redis-password', 'redis-password=of-the-cache'],
] as const;

const prepareNamespaces = async (): Promise<void> => {
  await kubectl(['apply', '--filename', join(import.meta.dirname, 'manifests', 'namespaces.yaml')]);
  for (const [name, literal] of secrets)
    await kubectl(['--namespace', namespace, 'create', 'secret', 'generic', name, `--from-literal=${literal}`]);
};

export const setUpCluster = async (say: (line: string) => void): Promise<TestCluster> => {
  const script = clusterScript();
  const began = performance.now();
  const step = async (title: string, work: () => Promise<unknown>): Promise<void> => {
    await work();
    say(`${title} after ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  };
  const environment = await environmentOf(script);
  clearStale(script, environment.KUBECONFIG ?? '');
  writeFileSync(ownerFile, String(process.pid));
  process.once('exit', () => down(script));
  await Promise.all([
    step('cluster: up', () => run(script, ['up'], { timeoutMs: upTimeoutMs })),
    step('cluster: images built', buildImages),
  ]);
  // What this process asks kubectl goes the same way as what the stories ask.
  Object.assign(process.env, environment);
  await Promise.all([
    ...addons.map((name) =>
      step(`cluster: add-on ${name} ready`, () => run(script, ['addon', name], { timeoutMs: upTimeoutMs })),
    ),
    step('cluster: images loaded', loadImages).then(() => step('cluster: PostgreSQL ready', prepareDependencies)),
  ]);
  return { environment, takeDown: () => down(script) };
};

const prepareDependencies = async (): Promise<void> => {
  await prepareNamespaces();
  await startDatabase();
};
