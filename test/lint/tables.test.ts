/**
 * The README's tables say what the code says: settings, metrics and error codes, row by row and in the same order.
 */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commands } from '../../cmd/cli/commands.ts';
import { errorCodes } from '../../pkg/errors/codes.ts';
import { statusOf } from '../../pkg/http/status.ts';
import { controllerSettings } from '../../pkg/process/controller-settings.ts';
import { handlerSettings } from '../../pkg/process/settings.ts';
import { controllerMetricTable } from '../../pkg/telemetry/controller-metric-table.ts';
import { metricPrefix, metricTable } from '../../pkg/telemetry/metric-table.ts';
import { reasons } from '../../pkg/tenant/reasons.ts';

type Row = readonly string[];

/** The rows of the first table below the heading, without its head. */
const tableBelow = (markdown: string, heading: string): readonly Row[] => {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (start < 0) return [];
  const first = lines.findIndex((line, index) => index > start && line.startsWith('|'));
  const length = lines.slice(first).findIndex((line) => !line.startsWith('|'));
  return lines
    .slice(first + 2, length < 0 ? undefined : first + length)
    .map((line) => line.slice(1, -1).split(/(?<!\\)\|/))
    .map((cells) => cells.map((cell) => cell.trim()));
};

const code = (text: string): string => `\`${text}\``;
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const optionalSettings = new Set([
  'DATABASE_LISTEN_URL',
  'DATABASE_CA_FILE',
  'REDIS_URL',
  'REDIS_PASSWORD',
  'REDIS_CA_FILE',
  'CXONE_CA_FILE',
  'WATCH_NAMESPACE',
  'POD_NAMESPACE',
  'KUBECONFIG',
  'KUBERNETES_SERVICE_HOST',
]);

test('a table is read up to its end', () => {
  const text = '# A\n\n| x | y |\n|---|---|\n| `a` | b \\| c |\n| `d` |  |\n\n| z |\n|---|\n| e |\n## B\n';
  assert.equal(tableBelow(text, 'A'), [
    ['`a`', 'b \\| c'],
    ['`d`', ''],
  ]);
  assert.equal(tableBelow(text, 'C'), []);
});

for (const [heading, settings] of [
  ['Settings', handlerSettings],
  ['Settings of the controller', controllerSettings],
] as const) {
  test(`${heading}: name, default and meaning`, () => {
    const known = Object.entries(settings).map(([name, setting]) => {
      const without = optionalSettings.has(name) ? '' : 'required';
      return [code(name), setting.default === undefined ? without : code(setting.default), setting.help];
    });
    assert.equal(tableBelow(readme, heading), known);
  });
}

test('Commands of the CLI: name and summary', () => {
  const known = Object.entries(commands).map(([name, { summary }]) => [code(name), summary]);
  assert.equal(tableBelow(readme, 'Call it: `cxone-actions`'), known);
});

for (const [heading, table] of [
  ['Metrics', metricTable],
  ['Metrics of the controller', controllerMetricTable],
] as const) {
  test(`${heading}: name without the prefix, type, labels and meaning`, () => {
    const known = Object.entries(table).map(([name, { type, labels, help }]) => [
      code(name),
      type,
      labels.map(code).join(', '),
      help,
    ]);
    assert.equal(tableBelow(readme, heading), known);
    assert.match(readme, code(metricPrefix));
  });
}

test('Conditions: every reason of a status stands in their table', () => {
  const table = tableBelow(readme, 'On Kubernetes').flat().join();
  for (const reason of reasons) assert.ok(reason === 'Valid' || table.includes(code(reason)), reason);
});

test('Errors: every code with its status, by status', () => {
  const known = Object.entries(statusOf).map(([name, status]) => `${status} ${code(name)}`);
  const told = tableBelow(readme, 'Errors').map(([name, status]) => `${status} ${name}`);
  assert.equal(told.toSorted(), known.toSorted());
  assert.equal(Object.keys(errorCodes).toSorted(), Object.keys(statusOf).toSorted());
});

test.run();
