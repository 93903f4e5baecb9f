import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Problem, parsed, refused } from '../../../pkg/errors/problem.ts';
import { createManualClock } from '../../../pkg/process/manual-clock.ts';
import { mockLimits } from '../../../pkg/process/mock-limits.ts';
import { ownDirectory } from '../../../test/services/owned.ts';
import { openCannedFile } from './canned-file.ts';

const folder = ownDirectory('canned');
const file = join(folder, 'rows.json');
const expected = `a regular file of at most ${mockLimits.fileBytesMax} bytes in UTF-8 that can be read`;

/** A text is good unless it begins with `bad`. */
const openFile = async (path = file, clock = createManualClock()) => {
  const compiled: string[] = [];
  const told: (readonly Problem[])[] = [];
  const opened = await openCannedFile(path, {
    clock,
    compile: (text) => {
      compiled.push(text);
      return text.startsWith('bad') ? refused([{ path: '', expected: 'better' }]) : parsed(text);
    },
    onRead: (problems) => void told.push(problems),
  });
  return { opened, compiled, told };
};

const openGood = async (text: string) => {
  writeFileSync(file, text);
  const { opened, ...rest } = await openFile();
  if (!opened.ok) throw new Error('refused');
  return { ...rest, current: opened.value.current };
};

test('a file that does not change is read once', async () => {
  const { current, compiled, told } = await openGood('one');
  for (const _ of [1, 2, 3]) assert.is(await current(), 'one');
  assert.equal(compiled, ['one']);
  assert.equal(told, []);
});

test('another content is there with the next request, written in place or moved there', async () => {
  const { current, told } = await openGood('one');
  writeFileSync(file, 'two!');
  assert.is(await current(), 'two!');
  writeFileSync(join(folder, 'next'), 'six!');
  renameSync(join(folder, 'next'), file);
  assert.is(await current(), 'six!');
  assert.equal(told, [[], []]);
});

test('a file written twice within one tick of its times is another one all the same, until they are old', async () => {
  const written = new Date('2026-01-01T00:00:00Z');
  const write = (text: string) => {
    writeFileSync(file, text);
    utimesSync(file, written, written);
  };
  write('one');
  const { opened } = await openFile(file, createManualClock(written.getTime() + mockLimits.fileYoungMs - 1));
  if (!opened.ok) throw new Error('refused');
  write('two');
  assert.is(await opened.value.current(), 'two');
  const later = (await openFile(file, createManualClock(written.getTime() + mockLimits.fileYoungMs))).opened;
  if (!later.ok) throw new Error('refused');
  write('six');
  assert.is(await later.value.current(), 'two');
});

test('requests at once share one reading', async () => {
  const { current, compiled } = await openGood('one');
  writeFileSync(file, 'three');
  assert.equal(await Promise.all(Array.from({ length: 50 }, current)), Array(50).fill('three'));
  assert.equal(compiled, ['one', 'three']);
});

test('what makes no sense, or is no file any more, leaves the last good one in place and is told once', async () => {
  const { current, told } = await openGood('one');
  writeFileSync(file, 'bad one');
  for (const _ of [1, 2]) assert.is(await current(), 'one');
  rmSync(file);
  for (const _ of [1, 2]) assert.is(await current(), 'one');
  mkdirSync(file);
  for (const _ of [1, 2]) assert.is(await current(), 'one');
  rmSync(file, { recursive: true });
  writeFileSync(file, 'good again');
  assert.is(await current(), 'good again');
  assert.equal(told, [[{ path: '', expected: 'better' }], [{ path: '', expected }], []]);
});

test('at first there is no last good one: what is wrong is the answer', async () => {
  const problemsOf = async (path: string) => {
    const { opened } = await openFile(path);
    return opened.ok ? [] : opened.problems;
  };
  const refusal = [{ path: '', expected }];
  assert.equal(await problemsOf(join(folder, 'nowhere')), refusal);
  assert.equal(await problemsOf(folder), refusal);
  writeFileSync(file, Buffer.from('caf\u00e9', 'latin1'));
  assert.equal(await problemsOf(file), refusal);
  writeFileSync(file, 'bad');
  assert.equal(await problemsOf(file), [{ path: '', expected: 'better' }]);
});

test('a file of one byte too many is refused, one of exactly as many is not', async () => {
  writeFileSync(file, ' '.repeat(mockLimits.fileBytesMax));
  assert.is((await openFile()).opened.ok, true);
  appendFileSync(file, ' ');
  assert.is((await openFile()).opened.ok, false);
});

test('a pipe is refused without waiting for whoever writes into it', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  assert.is((await openFile(pipe)).opened.ok, false);
});

test.run();
