/**
 * The settings of `npm start`: few of its own, and everything else of the environment goes to the handler and the controller as it is. All are looked
 * at before anything starts.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Parsed, type Problem, parsed, refused } from '../../pkg/errors/problem.ts';
import { loadControllerSettings } from '../../pkg/process/controller-settings.ts';
import type { Environment } from '../../pkg/process/setting.ts';
import { loadSettings } from '../../pkg/process/settings.ts';

export interface DevSettings {
  /** Undefined: an embedded PostgreSQL is started. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly manifests: string;
  /** Set: tenants come from this API server and not from a file. */
  readonly cluster: ClusterSettings | undefined;
}

export interface ClusterSettings {
  readonly kubeconfig: string;
  /** Undefined: what the kubeconfig's context says. */
  readonly namespace: string | undefined;
}

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** @param args  of the command line: `--cluster` for `npm run start:cluster` */
export const loadDevSettings = (env: Environment, args: readonly string[] = []): Parsed<DevSettings> => {
  const settings = {
    databaseUrl: env.DATABASE_URL || undefined,
    cluster: args.includes('--cluster') ? clusterSettings(env) : undefined,
    dataDir: env.DATA_DIR || fromRoot('.data'),
    manifests: env.MANIFESTS || fromRoot('deploy/examples/quickstart.yaml'),
  };
  const problems = [...problemsOfProcesses(env, settings), ...unreadable('MANIFESTS', settings.manifests)];
  return problems.length > 0 ? refused(problems) : parsed(settings);
};

/** What the processes would say that get the environment. */
const problemsOfProcesses = (env: Environment, { databaseUrl, cluster }: DevSettings): readonly Problem[] => {
  const handler = loadSettings({ ...env, DATABASE_URL: databaseUrl ?? 'postgres://127.0.0.1/' });
  if (cluster === undefined) return handler.ok ? [] : handler.problems;
  const controller = loadControllerSettings({ ...env, KUBECONFIG: cluster.kubeconfig });
  const problems = [handler, controller].flatMap((each) => (each.ok ? [] : each.problems));
  // Some settings are both processes'.
  const told = new Map(problems.map((problem) => [problem.path, problem]));
  return [...told.values(), ...unreadable('KUBECONFIG', cluster.kubeconfig)];
};

const unreadable = (path: string, file: string): readonly Problem[] => {
  try {
    readFileSync(file);
    return [];
  } catch {
    return [{ path, expected: 'a file that can be read' }];
  }
};

const clusterSettings = (env: Environment): ClusterSettings => ({
  kubeconfig: env.KUBECONFIG || join(homedir(), '.kube/config'),
  namespace: env.WATCH_NAMESPACE || undefined,
});
