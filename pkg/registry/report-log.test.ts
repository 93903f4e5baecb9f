import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleLimits } from '../process/limits.ts';
import { createReportLog } from './report-log.ts';

test('it tells which tenants changed after a version, each once', () => {
  const log = createReportLog();
  const first = log.version();
  assert.equal(log.since(first), new Set());
  log.note('a');
  log.note('b');
  const second = log.version();
  log.note('a');
  log.note();
  assert.equal(log.since(first), new Set(['a', 'b']));
  assert.equal(log.since(second), new Set(['a']));
  assert.equal(log.since(log.version()), new Set());
  assert.is.not(first, second);
});

test('what it cannot tell it does not: another process, a version to come, none, one too long ago', () => {
  const log = createReportLog();
  const first = log.version();
  const [prefix] = first.split(/0$/);
  for (const version of [createReportLog().version(), `${prefix}1`, `${prefix}x`, `${prefix}`.slice(0, -1), '']) {
    assert.is(log.since(version), undefined, version);
  }
  for (let n = 0; n < bundleLimits.reportChangesMax; n += 1) log.note('a');
  assert.equal(log.since(first), new Set(['a']));
  for (let n = 0; n < bundleLimits.reportChangesMax; n += 1) log.note('b');
  assert.is(log.since(first), undefined);
  log.note('c');
  assert.is(log.since(first), undefined);
});

test.run();
