import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ExchangeError } from './exchange-error.ts';
import { jsonTextOf } from './json-body.ts';

const answer = (body: string | Uint8Array, contentType: string | undefined = 'application/json', status = 200) => ({
  status,
  contentType,
  body: typeof body === 'string' ? Buffer.from(body) : body,
});

test('the text is passed on as it came', () => {
  for (const text of [
    '{"id":12345678901234567890123,"n":1.10,"n2":1e400}',
    '[1, 2,\n 3]',
    'null',
    '"\\ud800"',
    '{"a":1,"a":2}',
    '{"__proto__":{"x":1}}',
  ])
    assert.is(jsonTextOf(answer(text)), text);
});

test('space round it and a byte order mark are not', () => {
  assert.is(jsonTextOf(answer(' {} \r\n')), '{}');
  assert.is(jsonTextOf(answer('\ufeff{}')), '{}');
});

test("JavaScript's own line ends are escaped", () => {
  assert.is(jsonTextOf(answer('["a\u2028b\u2029c"]')), '["a\\u2028b\\u2029c"]');
});

test('an empty body is nothing, whatever it is called', () => {
  assert.is(jsonTextOf(answer('', 'text/html')), undefined);
  assert.is(jsonTextOf(answer('', undefined, 204)), undefined);
});

test('every content type that is JSON, and none', () => {
  for (const type of [
    'application/json; charset=utf-8',
    'Application/JSON',
    'text/json',
    'application/hal+json',
    undefined,
  ])
    assert.is(jsonTextOf({ ...answer('{}'), contentType: type }), '{}', type);
});

const garbage: Readonly<Record<string, ReturnType<typeof answer>>> = {
  'no JSON': answer('<html>'),
  'cut off': answer('{"a":'),
  'two values': answer('{}{}'),
  NaN: answer('NaN'),
  'only space': answer('  '),
  'not UTF-8': answer(Buffer.from([0x22, 0xc3, 0x28, 0x22])),
  'a surrogate in UTF-8': answer(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])),
  'HTML that is JSON': answer('{}', 'text/html'),
  'a type that only begins like JSON': answer('{}', 'application/jsonp'),
};
for (const [what, body] of Object.entries(garbage)) {
  test(`garbage: ${what}`, () => {
    try {
      jsonTextOf(body);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, ExchangeError);
      assert.is(error instanceof ExchangeError && error.failure, 'garbage');
      assert.is(error instanceof Error && error.cause, undefined);
    }
  });
}

test.run();
