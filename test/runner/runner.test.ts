// time limit: 120 s
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAlive } from '../../cmd/dev/process-tree.ts';
import { describeFile, describeTotals } from './print.ts';
import { type FileResult, runFile, timeLimitS } from './run-file.ts';
import { runFiles } from './run-files.ts';

const folder = join(import.meta.dirname, 'fixtures');
const run = (name: string, timeoutS = 20, extra = {}): Promise<FileResult> =>
  runFile(join(folder, `${name}.fixture.ts`), { timeoutS, environment: { ...process.env, ...extra } });

test('a file whose tests all pass is passed, with colours or without', async () => {
  for (const colour of [
    { FORCE_COLOR: '1', NO_COLOR: undefined },
    { NO_COLOR: '1', FORCE_COLOR: undefined },
  ]) {
    const { passed, failed, skipped, reasons } = await run('passes', 20, colour);
    assert.equal({ passed, failed, skipped, reasons }, { passed: 2, failed: 0, skipped: [], reasons: [] });
  }
});

test('skipped tests are named, and a file may skip all of them', async () => {
  for (const [name, passed] of [
    ['skips', 1],
    ['all-skipped', 0],
  ] as const) {
    const result = await run(name);
    assert.equal(result.skipped, ['needs the moon (no moon here)']);
    assert.equal([result.passed, result.failed], [passed, 0]);
    assert.match(describeFile(result), /skipped: needs the moon \(no moon here\)$/);
  }
});

/** Each is reported as a success, or never ends, under uvu alone, or is a failure that must stay one. */
const failures: Readonly<Record<string, RegExp>> = {
  'assertion-fails': /1 of 2 tests did not pass/,
  'before-throws': /1 of 1 tests did not pass, or a hook failed/,
  'after-each-throws': /2 of 2 tests did not pass, or a hook failed/,
  'throws-text': /2 of 2 tests did not pass/,
  'throws-undefined': /2 of 2 tests did not pass/,
  'no-run': /ran no test/,
  'exit-code': /a test set exit code 3/,
  'never-settles': /exit code 1.*did not come to their end/,
  'floating-rejection': /exit code 1/,
  'exits-in-the-middle': /did not come to their end/,
  'exits-before': /did not come to their end/,
  'syntax-error': /exit code 1/,
  'fake-summary': /ran no test/,
  'leaves-processes': /1 of 1 tests did not pass/,
  only: /holds an \.only\(/,
  killed: /was ended by SIGKILL/,
};

for (const [name, reason] of Object.entries(failures)) {
  test(`${name}: the file has failed`, async () => {
    const result = await run(name);
    assert.match(result.reasons.join('; '), reason);
    assert.ok(result.failed >= 1);
  });
}

test('open-handle: the file is cut at its time limit and has failed', async () => {
  const { reasons, failed, passed } = await run('open-handle', 1);
  assert.match(reasons.join(), /still running after 1 s/);
  assert.equal([passed, failed], [0, 1]);
});

test('a file may raise its own limit, in its head only', async () => {
  assert.equal((await run('long-limit', 1)).reasons, []);
  assert.is(timeLimitS('// time limit: 90 s\n'), 90);
  assert.is(timeLimitS(`${'\n'.repeat(30)}// time limit: 90 s\n`), undefined);
});

test('every fixture has its case', () => {
  const covered = [...Object.keys(failures), 'passes', 'skips', 'all-skipped', 'open-handle', 'long-limit'];
  const files = readdirSync(folder).map((name) => name.replace('.fixture.ts', ''));
  assert.equal(files.sort(), covered.sort());
});

test('what a failed hook threw is shown, and the whole output of a failed file', async () => {
  const text = describeFile(await run('before-throws'));
  assert.match(text, /^FAIL .*before-throws/);
  assert.match(text, /before hook threw: Error: no container/);
});

test('processes in sessions of their own are ended with the file, paused ones too', async () => {
  const { output } = await run('leaves-processes');
  const pid = Number(/child (\d+)/.exec(output)?.[1]);
  assert.ok(pid > 0);
  assert.not(isAlive(pid));
});

test('totals are sums of tests', async () => {
  const files = ['passes', 'skips', 'assertion-fails', 'no-run'].map((name) => join(folder, `${name}.fixture.ts`));
  const ended: string[] = [];
  const onEnd = (result: FileResult) => void ended.push(result.file);
  const totals = await runFiles(files, { timeoutS: 20, jobs: 2, environment: process.env, onEnd });
  assert.is(describeTotals(totals), '4 passed, 2 failed, 1 skipped');
  assert.equal(ended.sort(), files.sort());
});

test('the command ends with the sum and exits 1 on a failure, 2 on arguments it does not know', () => {
  const command = (...args: readonly string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, '..', 'run.ts'), ...args], { encoding: 'utf8' });
  const good = command('unit', '--only', 'runner/verdict.test.ts');
  assert.match(good.stdout, /\n\d+ passed, 0 failed, 0 skipped\n$/);
  assert.is(good.status, 0);
  const nothing = command('unit', '--only', 'no-such-file');
  assert.match(nothing.stdout, /0 passed, 0 failed, 0 skipped\n$/);
  assert.is(nothing.status, 1);
  for (const args of [[], ['some'], ['unit', '--jobs', '0'], ['unit', '--other'], ['unit', '--timeout-s', 'x']]) {
    assert.is(command(...args).status, 2);
  }
});

test.run();
