/** PostgreSQL in a namespace of its own, with the schema of deploy/sql, the sample's rows and the login of the handlers. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createServiceLogin, setUpDatabase } from '../../cmd/dev/database-setup.ts';
import { postgresImage } from './images.ts';
import { kubectl, read } from './kubectl.ts';

const login = 'dataactions_handler';

/** As pods see it. */
export const databaseUrl = `postgres://${login}@postgres.database:5432/postgres`;

export const startDatabase = async (): Promise<void> => {
  const manifests = await readFile(join(import.meta.dirname, 'manifests', 'postgres.yaml'), 'utf8');
  await kubectl(['apply', '--filename', '-'], { input: manifests.replaceAll('POSTGRES_IMAGE', postgresImage()) });
  await kubectl(['--namespace', 'database', 'rollout', 'status', 'deployment/postgres']);
  const address = await read(['service', 'postgres', '--namespace', 'database'], '{.spec.clusterIP}');
  const url = `postgres://postgres@${address}:5432/postgres`;
  await setUpDatabase(url, () => {});
  await createServiceLogin(url, login);
};
