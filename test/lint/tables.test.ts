/**
 * The README's tables say what the code says: settings, metrics and error codes, row by row and in the same order.
 */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commands } from '../../cmd/cli/commands.ts';
import { errorCodes } from '../../pkg/errors/codes.ts';
import { statusOf } from '../../pkg/http/status.ts';
import { handlerSettings } from '../../pkg/process/settings.ts';
import { metricPrefix, metricTable } from '../../pkg/telemetry/metric-table.ts';

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
const optionalSettings = new Set(['DATABASE_LISTEN_URL', 'DATABASE_CA_FILE', 'REDIS_URL', 'REDIS_CA_FILE']);

test('a table is read up to its end', () => {
  const text = '# A\n\n| x | y |\n|---|---|\n| `a` | b \\| c |\n| `d` |  |\n\n| z |\n|---|\n| e |\n## B\n';
  assert.equal(tableBelow(text, 'A'), [
    ['`a`', 'b \\| c'],
    ['`d`', ''],
  ]);
  assert.equal(tableBelow(text, 'C'), []);
});

test('Settings: name, default and meaning', () => {
  const known = Object.entries(handlerSettings).map(([name, setting]) => {
    const without = optionalSettings.has(name) ? '' : 'required';
    return [code(name), setting.default === undefined ? without : code(setting.default), setting.help];
  });
  assert.equal(tableBelow(readme, 'Settings'), known);
});

test('Commands of the CLI: name and summary', () => {
  const known = Object.entries(commands).map(([name, { summary }]) => [code(name), summary]);
  assert.equal(tableBelow(readme, 'Call it: `cxone-actions`'), known);
});

test('Metrics: name without the prefix, type, labels and meaning', () => {
  const known = Object.entries(metricTable).map(([name, { type, labels, help }]) => [
    code(name),
    type,
    labels.map(code).join(', '),
    help,
  ]);
  assert.equal(tableBelow(readme, 'Metrics'), known);
  assert.match(readme, code(metricPrefix));
});

test('Errors: every code with its status, by status', () => {
  const known = Object.entries(statusOf).map(([name, status]) => `${status} ${code(name)}`);
  const told = tableBelow(readme, 'Errors').map(([name, status]) => `${status} ${name}`);
  assert.equal(told.toSorted(), known.toSorted());
  assert.equal(Object.keys(errorCodes).toSorted(), Object.keys(statusOf).toSorted());
});

test.run();
