import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { errorCodes } from '../errors/codes.ts';
import { statusOf } from './status.ts';

/** The contract's table of statuses: each code once. */
const contract: Readonly<Record<number, readonly string[]>> = {
  400: ['invalid_json', 'invalid_request'],
  401: ['unauthenticated'],
  404: ['not_found'],
  405: ['method_not_allowed'],
  409: ['conflict'],
  413: ['body_too_large'],
  415: ['unsupported_media_type'],
  422: ['idempotency_key_reused', 'answer_too_large'],
  429: ['rate_limited', 'too_many_concurrent'],
  502: ['cxone_failed'],
  503: ['overloaded', 'database_unavailable', 'cxone_unavailable', 'stopping'],
  504: ['deadline_exceeded'],
  500: ['statement_failed', 'internal'],
};

test('every code has the status of the contract, and there are no others', () => {
  const expected = Object.entries(contract).flatMap(([status, codes]) => codes.map((code) => [code, Number(status)]));
  assert.equal(statusOf, Object.fromEntries(expected));
  assert.equal(Object.keys(statusOf).sort(), Object.keys(errorCodes).sort());
});

test('what the caller has to change is a 4xx, what it may try again is a 429 or 5xx', () => {
  for (const [code, { kind }] of Object.entries(errorCodes)) {
    const status: number | undefined = Reflect.get(statusOf, code);
    assert.is(kind === 'request', status !== undefined && status < 500 && status !== 429, code);
  }
});

test.run();
