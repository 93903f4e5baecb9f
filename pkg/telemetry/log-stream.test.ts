import { spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ownDirectory } from '../../test/services/owned.ts';
import { until } from '../../test/services/until.ts';
import { logLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createLogStream } from './log-stream.ts';

const { flushMs, chunkLength, waitingLengthMax } = logLimits;

const openStream = () => {
  const path = join(ownDirectory('log'), 'log');
  const clock = createManualClock();
  const stream = createLogStream(clock, openSync(path, 'a'));
  const written = () => readFileSync(path, 'utf8');
  const holds = (text: string) => until('the lines', async () => assert.is(written(), text));
  return { clock, stream, written, holds };
};

test('lines of some milliseconds are written together', async () => {
  const { clock, stream, written, holds } = openStream();
  stream.write('one\n');
  await clock.advance(flushMs - 1);
  stream.write('two\n');
  assert.is(written(), '');
  await clock.advance(1);
  await holds('one\ntwo\n');
  assert.is(clock.pending(), 0);
  stream.write('three\n');
  await clock.advance(flushMs);
  await holds('one\ntwo\nthree\n');
});

test('as much as is written at once waits for no time to pass', async () => {
  const { stream, holds } = openStream();
  const line = `${'x'.repeat(chunkLength / 2)}\n`;
  stream.write(line);
  stream.write(line);
  await holds(line + line);
});

test('what waits at the end of the process is written before it ends, in its order', () => {
  const { stream, written } = openStream();
  stream.write('one\n');
  stream.write('two\n');
  stream.flush();
  assert.is(written(), 'one\ntwo\n');
  stream.flush();
  assert.is(written(), 'one\ntwo\n');
});

/** A pipe that is read only when the test says so. */
const openPipe = () => {
  const path = join(ownDirectory('log'), 'pipe');
  spawnSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(1_048_576);
  const readSome = (): string => {
    try {
      return buffer.toString('latin1', 0, readSync(fd, buffer));
    } catch {
      return '';
    }
  };
  return { fd, path, readSome };
};

test('behind a reader that has stopped, lines beyond the bound are dropped and counted, and the others come in their order', async () => {
  const { fd, readSome } = openPipe();
  const clock = createManualClock();
  const stream = createLogStream(clock, fd);
  const length = chunkLength / 4;
  const line = (n: number): string => `${String(n).padStart(length - 1, '0')}\n`;
  const sent = (2 * waitingLengthMax) / length;
  for (let n = 0; n < sent; n++) stream.write(line(n));
  const dropped = stream.takeDropped();
  assert.ok(dropped >= sent / 3 && dropped < sent, `${dropped} of ${sent}`);
  assert.is(stream.takeDropped(), 0);

  let read = '';
  await until('every kept line', async () => {
    await clock.advance(flushMs);
    for (let text = readSome(); text !== ''; text = readSome()) read += text;
    assert.is(read.length, (sent - dropped) * length);
  });
  const numbers = read.trimEnd().split('\n').map(Number);
  assert.equal(
    numbers,
    Array.from({ length: sent - dropped }, (_, n) => n),
  );
});

test('at the end a slow reader is waited for, and gets every line', async () => {
  const { fd, path } = openPipe();
  const copy = `${path}.copy`;
  const stream = createLogStream(createManualClock(), fd);
  const line = (n: number): string => `${String(n).padStart(chunkLength - 1, '0')}\n`;
  const sent = 50;
  for (let n = 0; n < sent; n++) stream.write(line(n));
  const reader = spawn('sh', ['-c', `exec cat "${path}" > "${copy}"`]);
  stream.write('last\n');
  stream.flush();
  await until('the last line', async () => assert.match(readFileSync(copy, 'utf8'), /\nlast\n$/));
  reader.kill();
  const read = readFileSync(copy, 'utf8').trimEnd().split('\n');
  assert.equal(
    read.slice(0, -1).map(Number),
    Array.from({ length: sent }, (_, n) => n),
  );
});

test('a reader that takes nothing is waited for no longer than that', () => {
  const { fd } = openPipe();
  const stream = createLogStream(createManualClock(), fd);
  for (let n = 0; n < 50; n++) stream.write(`${'x'.repeat(chunkLength)}\n`);
  stream.flush(logLimits.retryMs);
});

test('where nothing can be written nobody fails', async () => {
  const fd = openSync('/dev/null', 'r');
  const clock = createManualClock();
  const stream = createLogStream(clock, fd);
  stream.write('one\n');
  await clock.advance(flushMs);
  assert.is(stream.takeDropped(), 1);
  stream.write('two\n');
  stream.write('three\n');
  stream.flush();
  assert.is(stream.takeDropped(), 2);
  closeSync(fd);
});

test.run();
