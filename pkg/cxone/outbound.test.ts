/** Requests over real connections to a fake CXone on loopback, with a clock that stands still. */

import { lookup as dnsLookup } from 'node:dns';
import { readFileSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startFakeCxone } from '../../test/services/fake-cxone.ts';
import { until } from '../../test/services/until.ts';
import { cxoneLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import { ExchangeError } from './exchange-error.ts';
import { createGuardedConnect } from './guarded-connect.ts';
import { createOutbound, type Outbound } from './outbound.ts';

const fake = await startFakeCxone();
fake.otherwise('api', { status: 200, body: '{"a":1}' });
const { origin, port } = fake;
const ca = readFileSync(fake.caFile, 'utf8');

const opened: Outbound[] = [];
const open = (
  options: { readonly allow?: boolean; readonly lookup?: LookupFunction; readonly trusted?: boolean } = {},
) => {
  const clock = createManualClock();
  const { allow = true, lookup = dnsLookup, trusted = true } = options;
  const connect = createGuardedConnect({ allowPrivateAddresses: allow, ca: trusted ? ca : undefined, lookup });
  const outbound = createOutbound({ clock, connect });
  opened.push(outbound);
  const deadline = createDeadline(clock, 5_000);
  const get = (to = origin, bytesMax = 1_024) =>
    outbound.send(
      { method: 'GET', origin: to, path: '/x?y=%2F..', headers: { Accept: 'application/json' }, bytesMax },
      deadline,
    );
  return { clock, get };
};

const failureOf = async (work: Promise<unknown>): Promise<ExchangeError> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ExchangeError) return error;
  throw new Error('no ExchangeError', { cause: error });
};

/** Says that every name is at these addresses. */
const resolvesTo =
  (...addresses: readonly string[]): LookupFunction =>
  (_hostname, options, callback) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    if (options.all) callback(null, found);
    else callback(null, found[0]?.address ?? '', found[0]?.family);
  };

test('an answer comes with status, type and bytes; the path is sent as it is', async () => {
  const answer = await open().get();
  assert.is(answer.status, 200);
  assert.is(answer.contentType, 'application/json');
  assert.is(Buffer.from(answer.body).toString(), '{"a":1}');
  assert.is(fake.requests('api').at(-1)?.path, '/x?y=%2F..');
});

test('connections are kept, also after an answer that is an error', async () => {
  const { get } = open();
  const before = fake.connections();
  for (let n = 0; n < 10; n += 1) {
    fake.next('api', { status: 404, body: 'x'.repeat(500) }, { status: 200 });
    await failureOf(get());
    await get();
  }
  // The pool makes a second one where the first is only just free.
  assert.ok(fake.connections() <= before + 2, `${fake.connections()} after ${before}`);
});

test('a status that is not 2xx is an error, with what the host asked for', async () => {
  const { get } = open();
  const tooLong = { status: 503, headers: { 'Retry-After': '9'.repeat(30) } };
  fake.next('api', { status: 429, headers: { 'Retry-After': '7' } }, { status: 503 }, tooLong);
  const tooMany = await failureOf(get());
  assert.equal([tooMany.failure, tooMany.status, tooMany.retryAfterMs], ['status', 429, 7_000]);
  const broken = await failureOf(get());
  assert.equal([broken.failure, broken.status, broken.retryAfterMs], ['status', 503, undefined]);
  assert.is((await failureOf(get())).retryAfterMs, cxoneLimits.retryAfterMsMax);
});

test('redirects are not followed', async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    const before = fake.requests().length;
    fake.next('api', { status, headers: { Location: `${origin}/elsewhere` } });
    assert.is((await failureOf(open().get())).status, status);
    assert.is(fake.requests().length, before + 1);
  }
});

test('more than the bound is garbage, not read to its end', async () => {
  fake.next('api', { status: 200, body: 'x'.repeat(1_024) }, { status: 200, body: 'x'.repeat(1_025) });
  assert.is((await open().get()).body.length, 1_024);
  assert.is((await failureOf(open().get())).failure, 'garbage');
});

test('the deadline cancels: before the answer and within it', async () => {
  for (const behaviour of ['hold', 'drip'] as const) {
    const { clock, get } = open();
    fake.next('api', behaviour);
    const before = fake.abandoned();
    const asked = fake.requests('api').length;
    const failure = failureOf(get());
    await until('the request', async () => assert.is(fake.requests('api').length, asked + 1));
    await clock.advance(5_000);
    assert.equal([(await failure).failure, (await failure).waitedMs], ['timeout', 5_000]);
    if (behaviour === 'hold') await until('its end', async () => assert.is(fake.abandoned(), before + 1));
  }
});

test('an error whose body does not end is told after a while, and costs its connection', async () => {
  const { clock, get } = open();
  fake.next('api', 'dripError');
  const asked = fake.requests('api').length;
  const failure = failureOf(get());
  await until('the request', async () => assert.is(fake.requests('api').length, asked + 1));
  await until('the headers', async () => assert.is(clock.pending(), 2));
  await clock.advance(1_000);
  assert.is((await failure).status, 500);
});

test('a deadline that has passed sends nothing', async () => {
  const { clock, get } = open();
  await clock.advance(5_000);
  const before = fake.connections();
  assert.is((await failureOf(get())).failure, 'timeout');
  assert.is(fake.connections(), before);
});

test('a connection that breaks, and headers without end', async () => {
  fake.next('api', 'reset', { status: 200, headers: { 'X-Long': 'x'.repeat(20_000) } });
  assert.is((await failureOf(open().get())).failure, 'network');
  assert.is((await failureOf(open().get())).failure, 'network');
});

test('no connection: refused, unknown name, a certificate nobody trusts', async () => {
  assert.is((await failureOf(open().get('https://127.0.0.1:1'))).failure, 'connect');
  assert.is((await failureOf(open().get('https://nothing.invalid'))).failure, 'connect');
  assert.is((await failureOf(open({ trusted: false }).get())).failure, 'connect');
  assert.is(
    (await failureOf(open({ lookup: resolvesTo('127.0.0.1') }).get(`https://api.example.com:${port}`))).failure,
    'connect',
  );
});

const literals = [
  `https://127.0.0.1:${port}`,
  `https://2130706433:${port}`,
  `https://0x7f.1:${port}`,
  `https://0.0.0.0:${port}`,
  `https://[::1]:${port}`,
  `https://[::]:${port}`,
  `https://[::ffff:127.0.0.1]:${port}`,
  'https://169.254.169.254',
  'https://10.0.0.1',
  'https://172.16.0.1',
  'https://192.168.0.1',
  'https://100.64.0.1',
  'https://[fd00:ec2::254]',
  'https://[fe80::1]',
  'https://[64:ff9b::7f00:1]',
];

test('addresses that may not be called: refused without a connection', async () => {
  const before = fake.connections();
  const { get } = open({ allow: false });
  for (const to of literals) assert.is((await failureOf(get(to))).failure, 'address_refused', to);
  assert.is(fake.connections(), before);
});

test('names that lead to them, all or in part: likewise', async () => {
  const before = fake.connections();
  const named = `https://localhost:${port}`;
  assert.is((await failureOf(open({ allow: false }).get(named))).failure, 'address_refused');
  for (const addresses of [
    ['127.0.0.1'],
    ['1.1.1.1', '127.0.0.1'],
    ['::1'],
    ['2606:4700:4700::1111', '::ffff:10.0.0.1'],
  ]) {
    const { get } = open({ allow: false, lookup: resolvesTo(...addresses) });
    assert.is((await failureOf(get(`https://api.example.com:${port}`))).failure, 'address_refused', addresses.join());
  }
  assert.is(fake.connections(), before);
});

test('a name is judged for each connection: one that turns to loopback later is refused then', async () => {
  let address = '192.0.2.1';
  let resolved = 0;
  const lookup: LookupFunction = (hostname, options, callback) => {
    resolved += 1;
    resolvesTo(address)(hostname, options, callback);
  };
  const { get } = open({ allow: false, lookup });
  assert.is((await failureOf(get(`https://api.example.com:${port}`))).failure, 'address_refused');
  address = '127.0.0.1';
  assert.is((await failureOf(get(`https://api.example.com:${port}`))).failure, 'address_refused');
  assert.is(resolved, 2);
});

test('nothing is sent without TLS, even where private addresses are allowed', async () => {
  const before = fake.connections();
  assert.is((await failureOf(open().get(`http://127.0.0.1:${port}`))).failure, 'address_refused');
  assert.is(fake.connections(), before);
});

test.after(async () => {
  await Promise.all(opened.map((outbound) => outbound.stop()));
  await fake.close();
});
test.run();
