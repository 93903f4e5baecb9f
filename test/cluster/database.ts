/**
 * PostgreSQL in a namespace of its own, with what a database's owner does before the chart comes: the group role and the handlers' login in it.
 * The schema itself is the chart's to apply; the sample's rows come after it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { setUpDatabase } from '../../cmd/dev/database-setup.ts';
import { postgresImage } from './images.ts';
import { kubectl, read } from './kubectl.ts';

const login = 'dataactions_handler';

/** As pods see it, for the handlers and for the schema. */
export const databaseUrl = `postgres://${login}@postgres.database:5432/postgres`;
export const ownerUrl = 'postgres://postgres@postgres.database:5432/postgres';

/** The same as `ownerUrl` for this process, which has no DNS of the cluster. */
const reachableUrl = async (): Promise<string> => {
  const address = await read(['service', 'postgres', '--namespace', 'database'], '{.spec.clusterIP}');
  return `postgres://postgres@${address}:5432/postgres`;
};

export const startDatabase = async (): Promise<void> => {
  const manifests = await readFile(join(import.meta.dirname, 'manifests', 'postgres.yaml'), 'utf8');
  await kubectl(['apply', '--filename', '-'], { input: manifests.replaceAll('POSTGRES_IMAGE', postgresImage()) });
  await kubectl(['--namespace', 'database', 'rollout', 'status', 'deployment/postgres']);
  const client = new Client({ connectionString: await reachableUrl() });
  await client.connect();
  try {
    await client.query(
      `CREATE ROLE dataactions_service NOLOGIN; CREATE ROLE ${login} LOGIN IN ROLE dataactions_service`,
    );
  } finally {
    await client.end();
  }
};

/** The sample's customers, where the chart has applied the schema. */
export const fillDatabase = async (): Promise<void> => setUpDatabase(await reachableUrl(), () => {});
