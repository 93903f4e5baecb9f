import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { controllerSettings, loadControllerSettings } from './controller-settings.ts';
import { handlerSettings } from './settings.ts';

const inPod = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
const problemsOf = (env: Readonly<Record<string, string>>): readonly string[] => {
  const settings = loadControllerSettings(env);
  return settings.ok ? [] : settings.problems.map(({ path }) => path);
};

test('in a pod everything has its default', () => {
  const settings = loadControllerSettings(inPod);
  assert.ok(settings.ok);
  assert.equal(settings.value, {
    POD_NAME: 'controller',
    LEASE_NAME: 'cxone-data-actions',
    LEASE_DURATION_SECONDS: 15,
    SECRETS_WATCH: 'all',
    BUNDLE_DIR: '/run/data-actions',
    HANDLER_ADMIN_URL: 'http://127.0.0.1:8081',
    HOST: '0.0.0.0',
    CONTROLLER_ADMIN_PORT: 8082,
    KUBERNETES_SERVICE_HOST: '10.0.0.1',
    KUBERNETES_SERVICE_PORT: 443,
    LOG_LEVEL: 'info',
  });
});

test('outside of a pod a kubeconfig has to be named', () => {
  assert.equal(problemsOf({}), ['KUBECONFIG']);
  assert.equal(problemsOf({ KUBECONFIG: '' }), ['KUBECONFIG']);
  assert.equal(problemsOf({ KUBECONFIG: '/k' }), []);
});

test('all problems come at once and show no value', () => {
  const env = {
    ...inPod,
    SECRETS_WATCH: 'hunter2',
    HANDLER_ADMIN_URL: 'ftp://hunter2',
    CONTROLLER_ADMIN_PORT: 'hunter2',
  };
  assert.equal(problemsOf(env), ['SECRETS_WATCH', 'HANDLER_ADMIN_URL', 'CONTROLLER_ADMIN_PORT']);
  assert.not.match(JSON.stringify(loadControllerSettings(env)), 'hunter2');
});

test('the controller has no way to a database, the handler none to the API server', () => {
  for (const name of Object.keys(controllerSettings)) assert.not.match(name, /DATABASE|REDIS|CXONE/);
  for (const name of Object.keys(handlerSettings)) assert.not.match(name, /KUBE|POD_NAME|NAMESPACE|LEASE|SECRET/);
});

test.run();
