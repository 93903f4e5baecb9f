/**
 * Headers and targets that nobody meant to send: never a 5xx, never a crash, always JSON.
 */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { exchange, openRaw } from '../services/raw-http.ts';
import { assertSound } from '../services/sound.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const limits = { requestsPerSecond: 100_000, burst: 100_000 };
const handler = await startHandler({ DATABASE_URL: database.url, LOG_LEVEL: 'warn' }, [
  { tenantId: 'acme', spec: { limits } },
]);
await handler.ready();

/** All that was written but for what an X-Timeout-Ms of next to nothing brings about. */
const unexpected = (): string =>
  handler
    .output()
    .split('\n')
    .filter((line) => !line.includes('"code":"deadline_exceeded"'))
    .join('\n');

const check = async <T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => Promise<void>, numRuns = 400) => {
  await fc.assert(fc.asyncProperty(arbitrary, property), { numRuns, interruptAfterTimeLimit: 5_000 });
  assert.is((await handler.ask('acme', { customer_ids: [customerId(1)] })).status, 200, 'answered as ever');
  assert.is(unexpected(), '', 'nothing that anyone would have to look into');
};

const tokenCharacters = [..."!#$%&'*+-.^_`|~09azAZ"];
/** What a header may hold: no control characters but tab. */
const visible = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) });
const value = visible.filter((text) => !text.includes('\x7f'));
const known = fc.constantFrom(
  'X-Request-Id',
  'X-Timeout-Ms',
  'X-CXone-Signature',
  'traceparent',
  'Content-Type',
  'Content-Encoding',
  'Accept',
  'Expect',
  'Upgrade',
  'Connection',
  'Forwarded',
  'X-Forwarded-For',
  'X-HTTP-Method-Override',
  'Idempotency-Key',
  'Authorization',
  'Range',
  'Cookie',
  '__proto__',
  'constructor',
);
const name = fc.oneof(known, fc.string({ unit: fc.constantFrom(...tokenCharacters), minLength: 1, maxLength: 20 }));
const framing = /^(?:content-length|transfer-encoding|host|connection|upgrade|expect)$/i;

const body = JSON.stringify({
  action: 'process_customer_batch',
  input: { tenant_id: 'acme', customer_ids: [customerId(1)] },
});

test('any headers beside a proof', () => {
  const headers = fc.dictionary(
    name.filter((each) => !framing.test(each) && each !== '__proto__'),
    value.map((text) => text.trim()),
    { maxKeys: 6 },
  );
  return check(headers, async (given) => {
    const answer = await handler.post('acme', body, { headers: given });
    const odd = Object.keys(given).map((each) => each.toLowerCase());
    const statuses = [200, 504, ...(odd.includes('x-cxone-signature') ? [401] : [])];
    assertSound(answer, [...statuses, ...(odd.some((each) => each.startsWith('content-')) ? [415] : [])]);
  });
});

test('any headers by hand, any number of each, framing left alone', () => {
  const lines = fc.array(
    fc.tuple(
      name.filter((each) => !framing.test(each)),
      value,
    ),
    { maxLength: 30 },
  );
  return check(lines, async (given) => {
    const head = ['POST /data-action HTTP/1.1', 'Host: t', 'Connection: close', 'Content-Length: 2'];
    const text = [...head, ...given.map(([key, text]) => `${key}: ${text}`)].join('\r\n');
    const answers = await exchange(handler.port, Buffer.from(`${text}\r\n\r\n{}`, 'latin1'));
    assert.is(answers.length, 1, text);
    for (const answer of answers) assertSound(answer, [401, 415, 504]);
  });
});

test('a request is answered once, whatever it wishes of its connection', () => {
  const values = fc.constantFrom(
    'close',
    'keep-alive',
    'upgrade',
    'close, upgrade',
    'Host',
    'x, , ,',
    'TE',
    'HTTP2-Settings',
  );
  const upgrades = fc.constantFrom('h2c', 'websocket', 'TLS/1.0', 'x/1, y/2');
  return check(
    fc.record({
      minor: fc.constantFrom(0, 1),
      connection: values,
      upgrade: fc.option(upgrades),
      expect: fc.option(value),
    }),
    async ({ minor, connection, upgrade, expect }) => {
      const lines = [
        `POST /data-action HTTP/1.${minor}`,
        'Host: t',
        `Connection: ${connection}`,
        ...(upgrade === null ? [] : [`Upgrade: ${upgrade}`]),
        ...(expect === null ? [] : [`Expect: ${expect}`]),
        'Content-Length: 2',
      ];
      const raw = await openRaw(handler.port);
      raw.send(Buffer.from(`${lines.join('\r\n')}\r\n\r\n{}`, 'latin1'));
      raw.end();
      const answers = await raw.closed;
      assert.is(answers.length, 1, lines.join(' | '));
      for (const answer of answers) assertSound(answer, [401]);
    },
    100,
  );
});

test('any target, any method', () => {
  const target = fc.oneof(
    fc.webPath().map((path) => path || '/'),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    value.map((text) => `/${text.replaceAll(' ', '+')}`),
    value.map((text) => `http://${text.replaceAll(' ', '')}`),
    fc.constantFrom(
      '*',
      '/data-action?x',
      '/data-action#',
      '/./data-action',
      'http://',
      'http://[/',
      'http://a:99999/',
      'x:y',
    ),
  );
  const method = fc.constantFrom(
    'GET',
    'POST',
    'PUT',
    'OPTIONS',
    'DELETE',
    'PROPFIND',
    'M-SEARCH',
    'BREW',
    'post',
    'CONNECT',
  );
  return check(fc.record({ method, target }), async ({ method, target }) => {
    const head = `${method} ${target} HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`;
    const answers = await exchange(handler.port, Buffer.from(head, 'latin1'));
    assert.ok(answers.length <= 1, head);
    for (const answer of answers) assertSound(answer, [400, 401, 404, 405]);
  });
});

test.after(() => handler.stop());
test.run();
