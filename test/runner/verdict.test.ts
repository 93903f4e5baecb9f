import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseObserved } from './observed.ts';
import { type Ended, judge } from './verdict.ts';

const observed = { suites: 1, finished: 1, total: 2, passed: 2, skipped: 0, exitCode: 0, skippedTitles: [] };
const good: Ended = { exitCode: 0, signal: null, cutAfterS: undefined, observed, source: '' };

test('passes only when everything is right', () => {
  assert.equal(judge(good), { passed: 2, failed: 0, skipped: [], reasons: [] });
  const wrong: readonly Ended[] = [
    { ...good, exitCode: 1 },
    { ...good, exitCode: null, signal: 'SIGSEGV' },
    { ...good, cutAfterS: 60 },
    { ...good, observed: undefined },
    { ...good, observed: { ...observed, finished: 0 } },
    { ...good, observed: { ...observed, passed: 1 } },
    { ...good, observed: { ...observed, total: 0, passed: 0 } },
    { ...good, observed: { ...observed, exitCode: 3 } },
    { ...good, source: 'import x;\n  test.only(' },
  ];
  for (const ended of wrong) assert.is(judge(ended).failed, 1);
});

test('skipped tests without a title are counted still', () => {
  const { skipped } = judge({ ...good, observed: { ...observed, skipped: 2, skippedTitles: ['a'] } });
  assert.equal(skipped, ['a', 'a test of a suite()']);
});

test('only exactly one whole report is a report', () => {
  const text = JSON.stringify(observed);
  assert.equal(parseObserved(text), observed);
  for (const bad of ['', text.slice(1), text + text, '{}', 'null', text.replace('2', '"2"')]) {
    assert.is(parseObserved(bad), undefined);
  }
});

test.run();
