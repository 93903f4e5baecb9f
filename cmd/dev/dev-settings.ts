/**
 * The few settings of `npm start`; everything else of the environment goes to the handler as it is.
 */
import { fileURLToPath } from 'node:url';

type Environment = Readonly<Record<string, string | undefined>>;

export interface DevSettings {
  /** Undefined: an embedded PostgreSQL is started. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly manifests: string;
}

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const loadDevSettings = (env: Environment): DevSettings => ({
  databaseUrl: env.DATABASE_URL || undefined,
  dataDir: env.DATA_DIR || fromRoot('.data'),
  manifests: env.MANIFESTS || fromRoot('deploy/examples/quickstart.yaml'),
});
