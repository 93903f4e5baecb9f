import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError, isAppError } from '../errors/app-error.ts';
import { parseEnvelope } from './envelope.ts';

const tenantOf = (body: string): string | undefined => parseEnvelope(Buffer.from(body)).tenantId;

const errorOf = (bytes: Uint8Array): AppError => {
  try {
    parseEnvelope(bytes);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('was not refused');
};

const usable: readonly (readonly [why: string, body: string, tenantId: string])[] = [
  ['the documented shape', '{"action":"a","input":{"tenant_id":"acme"},"context":{}}', 'acme'],
  ['fields of any order and number', '{"x":1,"input":{"y":[],"tenant_id":"acme"}}', 'acme'],
  ['white space around', ' \r\n\t{"input":{"tenant_id":"acme"}}\n', 'acme'],
  ['escapes', String.raw`{"\u0069nput":{"tenant\u005fid":"\u0061cme"}}`, 'acme'],
  ['a byte order mark, which RFC 8259 lets a reader ignore', '\uFEFF{"input":{"tenant_id":"acme"}}', 'acme'],
  ['the last one of doubled fields, as in the parsed body', '{"input":{"tenant_id":"a","tenant_id":"b"}}', 'b'],
  ['text that is no tenant id: nobody has its keys', '{"input":{"tenant_id":"__proto__"}}', '__proto__'],
];

for (const [why, body, tenantId] of usable) {
  test(`names its tenant with ${why}`, () => assert.is(tenantOf(body), tenantId));
}

const unusable = [
  'null',
  '1',
  '"input"',
  '[]',
  '[{"input":{"tenant_id":"acme"}}]',
  '{}',
  '{"input":null}',
  '{"input":"acme"}',
  '{"input":{}}',
  '{"input":[{"tenant_id":"acme"}]}',
  '{"input":{"tenant_id":null}}',
  '{"input":{"tenant_id":1}}',
  '{"input":{"tenant_id":12345678901234567890}}',
  '{"input":{"tenant_id":["acme"]}}',
  '{"input":{"tenant_id":{"toString":"acme"}}}',
  '{"Input":{"tenant_id":"acme"}}',
  '{"tenant_id":"acme"}',
  '{"__proto__":{"input":{"tenant_id":"acme"}}}',
  '{"input":{"__proto__":{"tenant_id":"acme"}}}',
];

for (const body of unusable) {
  test(`names no tenant, and is no error: ${body}`, () => assert.is(tenantOf(body), undefined));
}

const refused: readonly (readonly [why: string, bytes: Uint8Array])[] = [
  ['nothing', Buffer.alloc(0)],
  ['a form', Buffer.from('input=1&tenant_id=acme')],
  ['half an object', Buffer.from('{"input":{"tenant_id":"acme"')],
  ['two values', Buffer.from('{}{}')],
  ['a byte that UTF-8 does not know', Buffer.from([0x22, 0xff, 0x22])],
  ['an overlong encoding', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
  ['an encoded surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ['a cut character', Buffer.from([0x22, 0xe2, 0x82])],
  ['UTF-16', Buffer.from('\uFEFF{}', 'utf16le')],
  ['two byte order marks', Buffer.from('\uFEFF\uFEFF{}')],
  ['a control character in a string', Buffer.from('"\u0000"')],
  ['nesting no stack could hold, with long digits', Buffer.from(`${'['.repeat(30_000)}1234567890123456`)],
];

for (const [why, bytes] of refused) {
  test(`refuses ${why}`, () => assert.ok(isAppError(errorOf(bytes), 'invalid_json')));
}

test('whole nesting of 30,000 levels is answered or refused, never fatal', () => {
  for (const inner of ['1', '12345678901234567890']) {
    const bytes = Buffer.from('['.repeat(30_000) + inner + ']'.repeat(30_000));
    try {
      const { tenantId, body } = parseEnvelope(bytes);
      assert.is(tenantId, undefined);
      body();
    } catch (error) {
      assert.ok(isAppError(error, 'invalid_json'));
    }
  }
});

test('a refusal quotes nothing of the body', () => {
  const error = errorOf(Buffer.from('{"password":secret}'));
  assert.is(error.cause, undefined);
  assert.not.match(`${error.message} ${error.publicMessage} ${JSON.stringify(error.details)}`, /secret|password/);
});

test('a refused body leaves nothing behind for the next one', () => {
  errorOf(Buffer.from([0x22, 0xe2, 0x82]));
  errorOf(Buffer.from([0xef, 0xbb]));
  assert.is(tenantOf('\uFEFF{"input":{"tenant_id":"acme"}}'), 'acme');
});

test('the body is given back as parsed, integers exact', () => {
  const { body } = parseEnvelope(Buffer.from('{"input":{"id":9007199254740993}}'));
  assert.equal(body(), { input: { id: 9007199254740993n } });
});

test('who is not verified has the body parsed once, however large its numbers are', () => {
  const { parse } = JSON;
  let parsed = 0;
  JSON.parse = (...args) => {
    parsed += 1;
    return parse(...args);
  };
  try {
    const { body } = parseEnvelope(Buffer.from('{"input":{"tenant_id":"acme","id":9007199254740993}}'));
    assert.is(parsed, 1);
    body();
    assert.is(parsed, 2);
  } finally {
    JSON.parse = parse;
  }
});

test.run();
