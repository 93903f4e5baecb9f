import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadDevSettings } from './dev-settings.ts';

type Environment = Parameters<typeof loadDevSettings>[0];

const file = import.meta.filename;
const settingsOf = (env: Environment, args?: readonly string[]) => {
  const settings = loadDevSettings(env, args);
  if (!settings.ok) throw new Error(JSON.stringify(settings.problems));
  return settings.value;
};
const problemsOf = (env: Environment, args?: readonly string[]) => {
  const settings = loadDevSettings(env, args);
  return settings.ok ? [] : settings.problems.map(({ path }) => path);
};

test('what is named counts, an empty variable is none, the rest has its place in the project', () => {
  assert.equal(settingsOf({ DATABASE_URL: 'postgres://x', DATA_DIR: '/d', MANIFESTS: file }), {
    databaseUrl: 'postgres://x',
    dataDir: '/d',
    manifests: file,
    cluster: undefined,
  });
  const { cluster } = settingsOf({ KUBECONFIG: file, WATCH_NAMESPACE: 'ns' }, ['--cluster']);
  assert.equal(cluster, { kubeconfig: file, namespace: 'ns' });
  const left = settingsOf({ DATABASE_URL: '' });
  assert.is(left.databaseUrl, undefined);
  assert.match(left.dataDir, /\/\.data$/);
  assert.match(left.manifests, /deploy\/examples\/quickstart\.yaml$/);
});

test('what is wrong is named before anything starts, that of the processes too', () => {
  const nowhere = join(file, 'nowhere');
  assert.equal(problemsOf({ DATABASE_URL: 'mysql://x' }), ['DATABASE_URL']);
  assert.equal(problemsOf({ MANIFESTS: nowhere, PORT: 'http' }), ['PORT', 'MANIFESTS']);
  const wrong = { KUBECONFIG: nowhere, LOG_LEVEL: 'loud', SECRETS_WATCH: 'some' };
  assert.equal(problemsOf(wrong, ['--cluster']), ['LOG_LEVEL', 'SECRETS_WATCH', 'KUBECONFIG']);
  assert.equal(problemsOf(wrong), ['LOG_LEVEL']);
});

test.run();
