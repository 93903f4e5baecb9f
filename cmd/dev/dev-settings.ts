/**
 * The few settings of `npm start`; everything else of the environment goes to the handler as it is.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

type Environment = Readonly<Record<string, string | undefined>>;

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
export const loadDevSettings = (env: Environment, args: readonly string[] = []): DevSettings => ({
  databaseUrl: env.DATABASE_URL || undefined,
  cluster: args.includes('--cluster') ? clusterSettings(env) : undefined,
  dataDir: env.DATA_DIR || fromRoot('.data'),
  manifests: env.MANIFESTS || fromRoot('deploy/examples/quickstart.yaml'),
});

const clusterSettings = (env: Environment): ClusterSettings => ({
  kubeconfig: env.KUBECONFIG || join(homedir(), '.kube/config'),
  namespace: env.WATCH_NAMESPACE || undefined,
});
