import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ownDirectory } from '../../test/services/owned.ts';
import { until } from '../../test/services/until.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { watchDirectory } from './directory-watch.ts';

const pollIntervalMs = 5_000;

const watchSome = (dir: string) => {
  const clock = createManualClock();
  const names: (string | undefined)[] = [];
  const unwatched: string[] = [];
  const watch = watchDirectory({
    dir,
    clock,
    pollIntervalMs,
    onChange: (name) => void names.push(name),
    onUnwatched: (code) => void unwatched.push(code),
  });
  const heard = (name: string) =>
    until(`news of ${name}`, async () => assert.ok(names.includes(name), `heard of ${names.join()}`));
  return { clock, names, unwatched, watch, heard };
};

const put = (dir: string, name: string): void => {
  writeFileSync(join(dir, `.${name}.tmp`), name);
  renameSync(join(dir, `.${name}.tmp`), join(dir, name));
};

test('a file renamed into place is told by its name, again and again', async () => {
  const dir = ownDirectory('watch');
  const { watch, heard, names } = watchSome(dir);
  put(dir, 'a');
  await heard('a');
  names.length = 0;
  put(dir, 'a');
  await heard('a');
  watch.stop();
});

test('without a word from the file system, each interval says to look at everything', async () => {
  const { clock, names, watch } = watchSome(join(ownDirectory('watch'), 'missing'));
  await clock.advance(pollIntervalMs - 1);
  assert.equal(names, []);
  await clock.advance(1);
  assert.equal(names, [undefined]);
  await clock.advance(2 * pollIntervalMs);
  assert.is(names.length, 3);
  watch.stop();
});

test('a directory that comes later is watched from the next look on', async () => {
  const dir = join(ownDirectory('watch'), 'later');
  const { clock, watch, heard } = watchSome(dir);
  mkdirSync(dir);
  await clock.advance(pollIntervalMs);
  put(dir, 'a');
  await heard('a');
  watch.stop();
});

test('what cannot be watched is told once, and again when that has changed in between', async () => {
  const dir = join(ownDirectory('watch'), 'told');
  const { clock, watch, unwatched } = watchSome(dir);
  await clock.advance(3 * pollIntervalMs);
  assert.equal(unwatched, ['ENOENT']);
  mkdirSync(dir);
  await clock.advance(pollIntervalMs);
  assert.equal(unwatched, ['ENOENT']);
  rmSync(dir, { recursive: true });
  await clock.advance(2 * pollIntervalMs);
  assert.equal(unwatched, ['ENOENT', 'ENOENT']);
  watch.stop();
});

/** A process that uses up its descriptors, and gives them back after the first look. */
const crowded = `
  import { closeSync, openSync, writeFileSync } from 'node:fs';
  import { createManualClock } from '${import.meta.resolve('../process/manual-clock.ts')}';
  import { watchDirectory } from '${import.meta.resolve('./directory-watch.ts')}';
  const [dir, pollIntervalMs] = [process.argv[1], ${pollIntervalMs}];
  const clock = createManualClock();
  // The watch itself does not keep a process up.
  const alive = setInterval(() => {}, 1_000);
  const taken = [];
  try {
    for (;;) taken.push(openSync(dir));
  } catch {}
  const heard = Promise.withResolvers();
  const onChange = (name) => name && heard.resolve(name);
  const onUnwatched = (code) => process.stdout.write(code + ' ');
  const watch = watchDirectory({ dir, clock, pollIntervalMs, onChange, onUnwatched });
  for (const descriptor of taken) closeSync(descriptor);
  await clock.advance(pollIntervalMs);
  writeFileSync(dir + '/a', '');
  process.stdout.write(await heard.promise);
  watch.stop();
  clearInterval(alive);
`;

test('without a descriptor for inotify it looks all the same, and watches from the first look on that finds one', () => {
  const run = [process.execPath, '--input-type=module', '--eval', crowded, ownDirectory('watch')];
  const said = execFileSync('sh', ['-c', 'ulimit -n 100 && exec "$@"', 'sh', ...run], { encoding: 'utf8' });
  assert.is(said, 'EMFILE a');
});

test('a directory that was replaced is watched from the next look on', async () => {
  const dir = join(ownDirectory('watch'), 'replaced');
  mkdirSync(dir);
  const { clock, watch, heard } = watchSome(dir);
  rmSync(dir, { recursive: true });
  mkdirSync(dir);
  await clock.advance(pollIntervalMs);
  put(dir, 'a');
  await heard('a');
  watch.stop();
});

test('it can look for days: nothing piles up', async () => {
  const warnings: string[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning.name);
  process.on('warning', onWarning);
  const { clock, watch } = watchSome(ownDirectory('watch'));
  await clock.advance(100 * pollIntervalMs);
  assert.is(clock.pending(), 1);
  watch.stop();
  process.off('warning', onWarning);
  assert.equal(warnings, []);
});

test('after stop nothing is told and no timer waits', async () => {
  const dir = ownDirectory('watch');
  const { clock, names, watch } = watchSome(dir);
  const witness = watchSome(dir);
  watch.stop();
  put(dir, 'a');
  await witness.heard('a');
  await clock.advance(2 * pollIntervalMs);
  assert.equal(names, []);
  assert.is(clock.pending(), 0);
  witness.watch.stop();
});

test.run();
