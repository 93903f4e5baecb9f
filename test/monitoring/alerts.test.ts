// time limit: 180 s
/**
 * The alerts of the chart: promtool takes them and runs their cases, each has cases both ways and a page that says what to do.
 */
import { execFile } from 'node:child_process';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findProgram } from '../services/kube-programs.ts';
import { testUnless } from '../services/test-unless.ts';
import { alertRules, caseFiles, cases, recordingRules, rulesFile } from './alert-rules.ts';
import { knownSeries, seriesIn } from './known-series.ts';

const root = join(import.meta.dirname, '../..');
const runbooks = join(root, 'docs/runbooks');
const promtool = findProgram('promtool');
const testTool = testUnless(
  promtool === undefined ? 'promtool is not there: test/monitoring/install.sh brings it, for the PATH' : undefined,
);
const run = async (...args: readonly string[]): Promise<void> => {
  const { stdout } = await promisify(execFile)(promtool ?? '', args);
  assert.match(stdout, 'SUCCESS');
};

testTool('promtool takes the rules as they are', () => run('check', 'rules', rulesFile));

for (const file of caseFiles) {
  testTool(`promtool: the cases of ${basename(file)} hold`, () => run('test', 'rules', file));
}

test('every alert has a case in which it fires, and one of the same metrics in which it must not', () => {
  for (const { alert } of alertRules) {
    const own = cases.filter(({ firing }) => firing.includes(`${alert} loud`));
    assert.ok(own.length > 0, `${alert} never fires`);
    assert.ok(
      own.some(({ series, firing }) => {
        const quiet = series.filter((each) => each.includes('namespace="quiet"'));
        return quiet.length > 0 && !firing.includes(`${alert} quiet`);
      }),
      `${alert} has no case in which it must not fire`,
    );
  }
});

test('every alert says how bad it is, since when, what it means and where to read on', () => {
  for (const { alert, severity, annotations, ...rule } of alertRules) {
    assert.match(alert, /^DataActions[A-Z]\w+$/);
    assert.match(severity, /^(?:page|ticket)$/, alert);
    assert.match(rule.for, /^\d+m$/, alert);
    assert.equal(Object.keys(annotations).sort(), ['description', 'runbook_url', 'summary'], alert);
    assert.is(annotations.runbook_url, `RUNBOOK_BASE_URL/${alert}.md`);
    assert.match(annotations.summary ?? '', '$labels.namespace', alert);
  }
});

test('every alert has its page in docs/runbooks, and every page its alert', () => {
  const pages = readdirSync(runbooks).filter((name) => name !== 'README.md');
  assert.equal(pages.sort(), alertRules.map(({ alert }) => `${alert}.md`).sort());
  const list = readFileSync(join(runbooks, 'README.md'), 'utf8');
  for (const { alert, severity, ...rule } of alertRules) {
    const page = readFileSync(join(runbooks, `${alert}.md`), 'utf8');
    assert.match(page, `# ${alert}\n`, alert);
    for (const part of ['## For callers', '## Check', '## Causes', '## Do', '## Escalate'])
      assert.match(page, `\n${part}\n`, `${alert}: ${part}`);
    assert.match(page, `**${severity}**, after ${rule.for}`, alert);
    assert.match(list, `[${alert}](${alert}.md)`);
  }
});

const recorded = new Set(recordingRules.map(({ record }) => record));
const isKnown = (series: string): boolean => knownSeries.has(series) || recorded.has(series);
const pageTexts = readdirSync(runbooks).map((name) => [name, readFileSync(join(runbooks, name), 'utf8')] as const);

test('no page names a metric that does not exist', () => {
  for (const [name, text] of pageTexts)
    for (const series of seriesIn(text)) assert.ok(isKnown(series), `${name}: ${series}`);
});

test('no page looks for a log line that nobody writes', () => {
  const code = globSync('{cmd,pkg}/**/*.ts', { cwd: root }).map((path) => readFileSync(join(root, path), 'utf8'));
  for (const [name, text] of pageTexts) {
    for (const [, pattern = ''] of text.matchAll(/grep (?:-E )?'([^']+)'/g)) {
      // Fields are told by their names.
      for (const message of pattern.split('|').filter((each) => !/["()]/.test(each)))
        assert.ok(
          code.some((source) => source.includes(message)),
          `${name}: ${message}`,
        );
    }
  }
});

test('rules speak of metrics that exist, group by namespace and job, and name no job', () => {
  for (const { expr, ...rule } of [...alertRules, ...recordingRules]) {
    const name = 'alert' in rule ? rule.alert : rule.record;
    for (const series of seriesIn(expr)) assert.ok(isKnown(series), `${name}: ${series}`);
    for (const [, labels = ''] of expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g))
      assert.match(labels, /^namespace, job\b/, name);
    assert.not.match(expr, /job[=!]/, name);
  }
});

test.run();
