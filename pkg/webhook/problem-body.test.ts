import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError } from '../errors/app-error.ts';
import { problemBody } from './problem-body.ts';

test('has the shape of RFC 9457, with code and request id', () => {
  assert.equal(JSON.parse(problemBody(new AppError('conflict'), 409, 'r-1')), {
    type: 'tag:dataactions.dev,2026:conflict',
    title: 'The change was rolled back',
    status: 409,
    code: 'conflict',
    detail: 'The change was rolled back',
    requestId: 'r-1',
  });
});

test('carries what is wrong by path, and what was meant for the caller', () => {
  const details = [{ path: 'input.customer_ids[3]', expected: 'UUID' }];
  const body: unknown = JSON.parse(
    problemBody(new AppError('invalid_request', { details, publicMessage: 'Look at errors' }), 400, 'r-1'),
  );
  assert.equal(body, {
    type: 'tag:dataactions.dev,2026:invalid_request',
    title: 'The request does not have the declared shape',
    status: 400,
    code: 'invalid_request',
    detail: 'Look at errors',
    errors: details,
    requestId: 'r-1',
  });
});

test('nothing internal gets in: no message, no cause, no stack', () => {
  const cause = new Error('relation "secret_table" does not exist');
  const body = problemBody(new AppError('internal', { message: 'inside only', cause, retryAfterMs: 7 }), 500, 'r-1');
  assert.not.match(body, /secret_table|inside only|problem-body\.test|stack|cause|kind/);
});

test.run();
