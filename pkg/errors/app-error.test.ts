import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError, isAppError } from './app-error.ts';
import { type ErrorCode, errorCodes } from './codes.ts';
import { parsed, refused } from './problem.ts';

const codes = Object.keys(errorCodes) as ErrorCode[];

test('an error of a code alone says its title, inside and outside', () => {
  for (const code of codes) {
    const error = new AppError(code);
    const { title, kind } = errorCodes[code];
    assert.equal([error.message, error.publicMessage, error.kind, error.code], [title, title, kind, code]);
    assert.equal(error.details, []);
    assert.is(error.retryAfterMs, undefined);
    assert.is(error.name, 'AppError');
    assert.instance(error, Error);
  }
});

test('what is for operators stays apart from what is for callers', () => {
  const cause = new Error('inside');
  const error = new AppError('internal', { message: 'inside', publicMessage: 'outside', retryAfterMs: 5, cause });
  assert.is(error.message, 'inside');
  assert.is(error.publicMessage, 'outside');
  assert.is(error.cause, cause);
  assert.is(error.retryAfterMs, 5);
  assert.is(new AppError('internal', { message: 'inside' }).publicMessage, 'Internal error');
});

test('a refusal costs no stack; whatever somebody has to mend has one', () => {
  const hasStack = (code: ErrorCode): boolean => /\n\s+at /.test(new AppError(code).stack ?? '');
  for (const code of codes) {
    assert.is(hasStack(code), !['request', 'load'].includes(errorCodes[code].kind), code);
  }
  assert.match(new Error('of others').stack ?? '', /\n\s+at /);
});

test('an error is asked for any code, or for some', () => {
  const error = new AppError('conflict');
  assert.ok(isAppError(error));
  assert.ok(isAppError(error, 'internal', 'conflict'));
  assert.not(isAppError(error, 'internal'));
  for (const other of [new Error('conflict'), { code: 'conflict', name: 'AppError' }, null, undefined, 'conflict']) {
    assert.not(isAppError(other));
  }
});

test('titles are constant texts that differ from each other', () => {
  const titles = codes.map((code) => errorCodes[code].title);
  assert.is(new Set(titles).size, titles.length);
  for (const title of titles) assert.match(title, /^[A-Z][\w ',-]+$/);
});

test('a parsed value is a value or problems, never both', () => {
  assert.equal(parsed(1), { ok: true, value: 1 });
  assert.equal(refused([{ path: 'a', expected: 'b' }]), { ok: false, problems: [{ path: 'a', expected: 'b' }] });
});

test.run();
