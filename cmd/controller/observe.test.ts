import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ApiFailure } from '../../pkg/kubernetes/api-result.ts';
import { controllerMetricTable } from '../../pkg/telemetry/controller-metric-table.ts';
import { createLogger } from '../../pkg/telemetry/logger.ts';
import { createMetrics } from '../../pkg/telemetry/metrics.ts';
import { createObserver } from './observe.ts';

const unreachable: ApiFailure = { reason: 'unreachable', code: 'ECONNREFUSED' };
const notFound: ApiFailure = { reason: 'not_found', status: 404 };

const observe = () => {
  const lines: string[] = [];
  const logger = createLogger('info', { write: (line) => void lines.push(line) });
  const hooks = createObserver(createMetrics({ processMetrics: false, table: controllerMetricTable }), logger);
  return { hooks, said: () => lines.map((line) => JSON.parse(line)).map(({ resource, msg }) => [resource, msg]) };
};

test('a trouble is told once while it lasts, and once that it is over', () => {
  const { hooks, said } = observe();
  for (let attempt = 0; attempt < 3; attempt += 1) hooks.watch.onFailure?.('secrets', unreachable);
  for (let attempt = 0; attempt < 3; attempt += 1) hooks.onConnected(true);
  hooks.watch.onFailure?.('secrets', unreachable);
  assert.equal(said(), [
    ['secrets', 'API server cannot be asked'],
    ['secrets', 'trouble is over'],
    ['secrets', 'API server cannot be asked'],
  ]);
});

test('where the kind is not there it says what to do', () => {
  const { hooks, said } = observe();
  hooks.watch.onFailure?.('dataactionconfigs', notFound);
  hooks.watch.onFailure?.('secrets', notFound);
  assert.equal(said(), [
    ['dataactionconfigs', 'the kind is not there: apply deploy/crds'],
    ['secrets', 'API server cannot be asked'],
  ]);
});

test.run();
