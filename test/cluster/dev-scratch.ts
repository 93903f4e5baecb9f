import { databaseUrl, startDatabase } from './database.ts';
import { kubectl } from './kubectl.ts';

await kubectl(['apply', '-f', 'test/cluster/manifests/namespaces.yaml']);
await kubectl([
  '-n',
  'data-actions',
  'create',
  'secret',
  'generic',
  'handler-database',
  `--from-literal=database-url=${databaseUrl}`,
]);
await kubectl([
  '-n',
  'data-actions',
  'create',
  'secret',
  'generic',
  'redis-password',
  `--from-literal=redis-password=of-the-cache`,
]);
await startDatabase();
