/**
 * `assertSound`: whatever was sent, the answer is one the contract knows. For tests that send what nobody expects.
 */
import * as assert from 'uvu/assert';
import type { Answer } from './handler.ts';
import { assertProblem } from './problem.ts';

const codes: Readonly<Record<number, readonly string[]>> = {
  400: ['invalid_json', 'invalid_request'],
  401: ['unauthenticated'],
  404: ['not_found'],
  405: ['method_not_allowed'],
  413: ['body_too_large'],
  415: ['unsupported_media_type'],
  504: ['deadline_exceeded'],
};

/** @param statuses  which of them may come */
export const assertSound = (answer: Answer, statuses: readonly number[]): void => {
  const { status, json, headers } = answer;
  assert.ok(statuses.includes(status), `${status} ${answer.text}`);
  assert.is(headers['content-type'], 'application/json');
  if (status === 200) assert.ok('output' in json);
  else if (codes[status]?.includes(String(json.code))) assertProblem(answer, status, String(json.code));
  else assert.unreachable(`${status} ${json.code}`);
};
