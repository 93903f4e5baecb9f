/**
 * docs/operate.md says what the code says: its tables of sizes are computed again from the defaults, and the settings and values of the chart that
 * it names are there.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { controllerSettings } from '../../pkg/process/controller-settings.ts';
import { databaseLimits, idempotencyLimits, requestLimits, sharedReadLimits } from '../../pkg/process/limits.ts';
import { handlerSettings } from '../../pkg/process/settings.ts';
import { metricTable } from '../../pkg/telemetry/metric-table.ts';
import { reckon } from './arithmetic.ts';

const root = join(import.meta.dirname, '../..');
const paper = readFileSync(join(root, 'docs/operate.md'), 'utf8');
const values: unknown = parse(readFileSync(join(root, 'charts/cxone-data-actions/values.yaml'), 'utf8'));
const settings: Readonly<Record<string, { readonly default: unknown }>> = { ...handlerSettings, ...controllerSettings };

/** Settings alone: an operator knows no constant of the code. */
const numberOf = (name: string): number => {
  const value = Number(settings[name]?.default);
  if (Number.isNaN(value)) throw new Error(`${name} is no setting with a number`);
  return value;
};

const section = (title: string): string => paper.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';

const sizes = [...section('Size').matchAll(/^\| (.+) \| `([^`]+)` \| ([^|]+) \|$/gm)].map(
  ([, what = '', expression = '', result = '']) => ({ what, expression, result }),
);

test('arithmetic is that of school', () => {
  assert.is(
    reckon('(2 + 1) * a / 4 + 1.5', () => 8),
    7.5,
  );
  assert.is(
    reckon('1 MiB / 2 KiB', () => 0),
    512,
  );
  for (const wrong of ['(1', '1 +', '1 2', ')', '1 - 1', '']) assert.throws(() => reckon(wrong, () => 0), /./, wrong);
  assert.throws(() => reckon('NO_SUCH', numberOf), /NO_SUCH/);
});

test('the table of sizes comes to what the defaults say', () => {
  assert.ok(sizes.length >= 15);
  for (const { what, expression, result } of sizes) {
    const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)(?: (\w+))?$/.exec(result) ?? [];
    const decimals = number.split('.')[1]?.length ?? 0;
    const reckoned = reckon(expression, numberOf) / (unit === '' ? 1 : reckon(`1 ${unit}`, numberOf));
    const rounded =
      decimals > 0 ? reckoned.toFixed(decimals) : String(unit === '' ? Math.floor(reckoned) : Math.round(reckoned));
    assert.is(number, rounded, what);
  }
});

const valueAt = (path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((node, key) => (node === undefined ? undefined : Reflect.get(Object(node), key)), values);

test('the figures that are no setting are those of the code', () => {
  assert.is(databaseLimits.tenantTransactionShare, 1 / 2);
  assert.is(databaseLimits.tenantLookupShare, 1 / 4);
  assert.is(requestLimits.answerBytesMax, 32 * 1_024);
  assert.is(idempotencyLimits.lifeHours, 24);
  assert.is(
    (idempotencyLimits.cleanRowsMax * idempotencyLimits.cleanBatchesMax * 60_000) / idempotencyLimits.cleanIntervalMs,
    20_000,
  );
  assert.is(sharedReadLimits.patienceMs, 100);
  assert.is(sharedReadLimits.readingKeysMax, 50);
});

test('every result of a lookup has its row, and no other has', () => {
  const told = [...section('Size').matchAll(/^\| `(\w+)` \| (?!meaning)/gm)].map(([, result = '']) => result);
  const { help } = metricTable.lookup_readings_total;
  assert.is(told.length, 8);
  for (const result of told) assert.match(help, new RegExp(`\\b${result}\\b`));
});

test('the figures of the chart in the table are its defaults', () => {
  assert.is(valueAt('autoscaling.maxReplicas'), 10);
  assert.is(valueAt('redis.maxMemoryMegabytes'), 128);
  assert.is(valueAt('replicaCount'), 2);
  assert.is(valueAt('autoscaling.targetCPUUtilization'), 130);
  assert.is(valueAt('handler.resources.requests.cpu'), '500m');
  assert.is(valueAt('handler.resources.limits.memory'), '512Mi');
  assert.is(valueAt('handler.heapPercent'), 70);
  assert.is(valueAt('controller.resources.limits.memory'), '192Mi');
});

test('every value of the chart that is named exists', () => {
  const known = new Set(Object.keys(Object(values)));
  const named = [...paper.matchAll(/(?:`|--set )([a-z]\w*(?:\.\w+)+)/g)]
    .map(([, path = '']) => path)
    .filter((path) => known.has(path.split('.')[0] ?? ''));
  assert.ok(named.length > 30);
  for (const path of named) assert.not.type(valueAt(path), 'undefined', path);
});

test('every setting that is named exists', () => {
  const foreign = new Set(['SQLSTATE', 'CREATEROLE', 'FLUSHALL', 'DELETE', 'NOWAIT']);
  for (const [, name = ''] of paper.matchAll(/`([A-Z][A-Z_]+)(?:=\w+)?`/g))
    assert.ok(name in settings || foreign.has(name), name);
});

test('the role behind a pooler gets what connections would ask for', () => {
  const seconds = (ms: number) => `'${ms / 1_000}s'`;
  for (const [name, ms] of [
    ['statement_timeout', databaseLimits.statementTimeoutMs],
    ['lock_timeout', databaseLimits.lockTimeoutMs],
    ['idle_in_transaction_session_timeout', databaseLimits.idleInTransactionTimeoutMs],
  ] as const)
    assert.match(paper, `SET ${name} = ${seconds(ms)};`);
});

test.run();
