import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError } from '../errors/app-error.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createLogger, describeError, type LogLevel } from './logger.ts';

const capture = (level: LogLevel = 'info') => {
  const lines: string[] = [];
  const logger = createLogger(level, { write: (line) => void lines.push(line) });
  return { logger, lines, last: (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '{}') };
};

/** As pg throws it: a value in the message and in the detail. */
const databaseError = () =>
  Object.assign(new Error('duplicate key value violates "people_email_key"\n    at jane@example.com'), {
    name: 'DatabaseError',
    code: '23505',
    detail: 'Key (email)=(jane@example.com) already exists.',
    hint: 'hunter2',
    where: 'COPY people, line 1: "jane@example.com"',
    query: "SELECT 'hunter2'",
    parameters: ['jane@example.com'],
  });

test('one line of JSON for each event, with level, time and message first-hand', () => {
  const { logger, lines, last } = capture();
  logger.info({ requestId: 'r-1', durationMs: 1.5 }, 'request answered');
  assert.is(lines.length, 1);
  assert.ok(lines[0]?.endsWith('}\n'));
  const { time, ...rest } = last();
  assert.equal(rest, { level: 'info', requestId: 'r-1', durationMs: 1.5, msg: 'request answered' });
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('each line has the time of its own millisecond', async () => {
  const clock = createManualClock(Date.UTC(2026, 0, 1));
  const times: unknown[] = [];
  const logger = createLogger('info', { write: (line) => void times.push(JSON.parse(line).time) }, clock);
  logger.info('a');
  logger.info('b');
  await clock.advance(1);
  logger.info('c');
  assert.equal(times, ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.001Z']);
});

test('what stands in a field cannot break out of its line', () => {
  const { logger, lines, last } = capture();
  logger.info({ action: 'a"}\n{"level":"fatal"}\u2028' }, 'm');
  assert.is(lines.join('').trimEnd().split('\n').length, 1);
  assert.is(last().action, 'a"}\n{"level":"fatal"}\u2028');
});

test('lines below the level are not written', () => {
  const { logger, lines } = capture('warn');
  logger.debug('d');
  logger.info('i');
  assert.equal(lines, []);
  logger.warn('w');
  logger.error('e');
  assert.is(lines.length, 2);
});

test('an error of a driver is name, code and place: no text of it, whatever line it stands on', () => {
  const { logger, lines, last } = capture();
  for (const key of ['error', 'err']) logger.warn({ [key]: databaseError() }, 'request failed');
  assert.not.match(lines.join(''), /jane|hunter2|people|duplicate/);
  const { name, code, frames } = last().err as Record<string, unknown>;
  assert.is(name, 'DatabaseError');
  assert.is(code, '23505');
  assert.ok(Array.isArray(frames) && frames.every((frame) => /^at .*:\d+:\d+\)?$/.test(frame)), 'says where');
  assert.ok((frames as string[])[0]?.includes('logger.test.ts'));
});

test('a message of several lines cannot pass for frames, not even one changed later', () => {
  const error = new Error('one\n    at secret (file.ts:1:2)\n    at secret (file.ts:3:4)');
  assert.not.match(JSON.stringify(describeError(error)), /secret/);
  const late = new Error('row\n    at jane@example.com');
  // V8 writes the message into the stack when that is first asked for.
  assert.match(late.stack ?? '', /jane/);
  late.message = 'other';
  assert.not.match(JSON.stringify(describeError(late)), /jane/);
});

test('our own error keeps its message, and its cause is described like any other', () => {
  const error = new AppError('database_unavailable', { message: 'pool is empty', cause: databaseError() });
  const { message, code, cause } = describeError(error) as Record<string, Record<string, unknown>>;
  assert.equal({ message, code }, { message: 'pool is empty', code: 'database_unavailable' });
  assert.is(cause?.code, '23505');
  assert.not.match(JSON.stringify(describeError(error)), /jane|hunter2/);
});

test('causes are followed to a bound, in a circle too', () => {
  const circle = new Error('a');
  circle.cause = circle;
  assert.is(JSON.stringify(describeError(circle)).split('"name"').length - 1, 6);
});

test('a code that is not a plain word is left out', () => {
  for (const code of ['with space', 'a'.repeat(65), '', 'new\nline', 42, { secret: 1 }]) {
    assert.is(describeError(Object.assign(new Error('m'), { code })).code, undefined);
  }
  for (const code of ['ECONNREFUSED', '57P01', 'ERR_HTTP_REQUEST_TIMEOUT', 'a.b-c']) {
    assert.is(describeError(Object.assign(new Error('m'), { code })).code, code);
  }
});

test('what is thrown and is no error says only what it is', () => {
  for (const thrown of ['secret', { secret: 1 }, null, undefined, 7, Symbol('secret')]) {
    assert.equal(describeError(thrown), { name: typeof thrown });
  }
});

test.run();
