/**
 * `assertProblem`: an answer that is an error of the contract, complete and with nothing beside it.
 */
import * as assert from 'uvu/assert';
import type { Answer } from './handler.ts';

const fields = ['type', 'title', 'status', 'code', 'detail', 'requestId'];

/** @param retryAfter  whether the answer has to say when a repeat makes sense; it must not otherwise */
export const assertProblem = (answer: Answer, status: number, code: string, retryAfter = false): void => {
  const { json, headers } = answer;
  assert.is(`${answer.status} ${json.code}`, `${status} ${code}`);
  assert.is(headers['content-type'], 'application/json');
  assert.is(json.status, status);
  assert.match(String(json.type), new RegExp(`^[a-z]+:.+:${code}$`));
  for (const text of [json.title, json.detail]) assert.ok(typeof text === 'string' && text !== '');
  assert.ok(typeof json.requestId === 'string' && json.requestId !== '');
  assert.is(headers['x-request-id'], json.requestId);
  const errors = ['invalid_request', 'conflict'].includes(code) && 'errors' in json ? ['errors'] : [];
  assert.equal(Object.keys(json).sort(), [...fields, ...errors].sort());
  if (retryAfter) assert.match(String(headers['retry-after']), /^[1-9]\d*$/);
  else assert.is(headers['retry-after'], undefined);
};
