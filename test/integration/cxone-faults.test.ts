/**
 * A CXone that misbehaves, seen from outside: what the caller gets, how often CXone was asked, what is cancelled.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cxoneEnv, cxoneTenant } from '../services/cxone-tenant.ts';
import { prepareDatabase } from '../services/database.ts';
import { type Behaviour, startFakeCxone } from '../services/fake-cxone.ts';
import { type Answer, startHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';
import { until } from '../services/until.ts';

const fake = await startFakeCxone();
const database = await prepareDatabase(await startPostgres());
/** Tests of the token endpoint and the breaker have a tenant each, so that no state goes from one to the next. */
const lonely = Array.from({ length: 12 }, (_, n) => cxoneTenant(fake, `lonely-${n}`, { audit: 'DatabaseReads' }));
const closedPort = 'https://127.0.0.1:1';
const handler = await startHandler({ DATABASE_URL: database.url, ...cxoneEnv(fake) }, [
  cxoneTenant(fake),
  ...lonely,
  cxoneTenant(fake, 'hanging', { limits: { deadlineMilliseconds: 60_000 }, audit: 'DatabaseReads' }),
  cxoneTenant(fake, 'no-issuer', { cxone: { issuer: closedPort } }),
  cxoneTenant(fake, 'no-api', { cxone: { apiBase: closedPort } }),
]);
await handler.ready();

const input = { contact_id: '4711' };
const get = (tenantId = 'acme', headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  handler.ask(tenantId, input, { action: 'get_contact', headers });
const post = (tenantId = 'acme'): Promise<Answer> => handler.ask(tenantId, {}, { action: 'signal' });
const asked = (): number => fake.requests('api').length;
const exchanges = async (status: string): Promise<number> =>
  (await metric(handler, 'downstream_requests_total', { status })) ?? 0;
let unused = 0;
const nextLonely = (): string => `lonely-${unused++}`;
await get();

interface Fault {
  readonly behaviours: readonly Behaviour[];
  readonly ask?: () => Promise<Answer>;
  /** `200`, or status and code. */
  readonly answer: string;
  readonly retryAfter?: RegExp;
  /** Requests to the API. */
  readonly sent: number;
}
const reply = (status: number, headers = {}, body = '{"token":"x"}') => ({ status, headers, body });
const faults: Readonly<Record<string, Fault>> = {
  '429 with Retry-After: repeated': { behaviours: [reply(429, { 'Retry-After': '1' })], answer: '200', sent: 2 },
  '429 without: repeated': { behaviours: [reply(429), reply(429)], answer: '200', sent: 3 },
  '429 of a POST: repeated too': { behaviours: [reply(429)], ask: post, answer: '200', sent: 2 },
  '429 with a wait beyond the deadline: at once': {
    behaviours: [reply(429, { 'Retry-After': '30' })],
    answer: '503 cxone_unavailable',
    retryAfter: /^30$/,
    sent: 1,
  },
  '429 four times': {
    behaviours: Array(4).fill(reply(429)),
    answer: '503 cxone_unavailable',
    retryAfter: /^[12]$/,
    sent: 4,
  },
  '5xx: repeated': { behaviours: [reply(500), reply(503)], answer: '200', sent: 3 },
  '5xx of a POST: nobody knows': { behaviours: [reply(500)], ask: post, answer: '502 cxone_failed', sent: 1 },
  'a broken connection: repeated': { behaviours: ['reset'], answer: '200', sent: 2 },
  'a broken connection of a POST': { behaviours: ['reset'], ask: post, answer: '502 cxone_failed', sent: 1 },
  '401 once: a new token, one more try': { behaviours: [reply(401)], answer: '200', sent: 2 },
  '401 twice': { behaviours: [reply(401), reply(401)], answer: '502 cxone_failed', sent: 2 },
  '404': { behaviours: [reply(404)], answer: '502 cxone_failed', sent: 1 },
  'a redirect': { behaviours: [reply(307, { Location: `${fake.origin}/x` })], answer: '502 cxone_failed', sent: 1 },
  HTML: { behaviours: [reply(200, { 'Content-Type': 'text/html' }, '<html>')], answer: '502 cxone_failed', sent: 1 },
  'no JSON': { behaviours: [reply(200, {}, '{"a":')], answer: '502 cxone_failed', sent: 1 },
  'no UTF-8': {
    behaviours: [{ status: 200, body: Buffer.from([0x22, 0xff, 0x22]) }],
    answer: '502 cxone_failed',
    sent: 1,
  },
  'too much': { behaviours: [reply(200, {}, `"${'x'.repeat(300_000)}"`)], answer: '502 cxone_failed', sent: 1 },
};
for (const [title, { behaviours, ask = get, answer, retryAfter, sent }] of Object.entries(faults)) {
  test(title, async () => {
    const before = asked();
    fake.next('api', ...behaviours);
    const given = await ask();
    const [status, code] = answer.split(' ');
    if (code) assertProblem(given, Number(status), code, retryAfter !== undefined);
    else assert.is(given.status, 200, given.text);
    if (retryAfter) assert.match(String(given.headers['retry-after']), retryAfter);
    assert.is(asked() - before, sent);
    assert.not.match(given.text, /"token"|4711\?|127\.0\.0\.1/);
  });
}

test('a token that was revoked while many calls are on their way costs one new token', async () => {
  const before = fake.requests('token').length;
  fake.revokeTokens();
  const answers = await Promise.all(Array.from({ length: 10 }, () => get()));
  assert.equal([...new Set(answers.map(({ status }) => status))], [200]);
  assert.is(fake.requests('token').length, before + 1);
});

test('an API without an answer: 504 at the deadline, and the request to it is cancelled', async () => {
  for (const behaviour of ['hold', 'drip'] as const) {
    fake.next('api', behaviour);
    const gone = fake.abandoned();
    assertProblem(await get('acme', { 'X-Timeout-Ms': '300' }), 504, 'deadline_exceeded');
    if (behaviour === 'hold') await until('its end', async () => assert.is(fake.abandoned(), gone + 1));
  }
  assert.ok((await exchanges('timeout')) >= 2);
});

test('an API that answers slowly but in time', async () => {
  fake.next('api', 'hold');
  const slow = get();
  await fake.holding(1);
  fake.release();
  assert.is((await slow).text, '{"output":{"contact":{"held":true}}}');
});

test('a tenant whose API hangs takes no connection away from another on the same host', async () => {
  const tenantId = 'hanging';
  const calls = 100;
  fake.next('api', ...Array<Behaviour>(calls).fill('hold'));
  const hanging = Array.from({ length: calls }, () => get(tenantId));
  await fake.holding(calls);
  assert.is((await get()).status, 200);
  fake.release();
  for (const answer of await Promise.all(hanging)) assert.is(answer.status, 200);
});

test('no connection: to the API, to the issuer', async () => {
  assertProblem(await get('no-api'), 503, 'cxone_unavailable', true);
  assertProblem(await get('no-issuer'), 503, 'cxone_unavailable', true);
});

const tokenFaults: Readonly<Record<string, { behaviours: readonly Behaviour[]; answer: string; tries: number }>> = {
  'refused credentials': { behaviours: [reply(401)], answer: '502 cxone_failed', tries: 1 },
  '429 with a short Retry-After': { behaviours: [reply(429, { 'Retry-After': '1' })], answer: '200', tries: 2 },
  '429 with a long one': {
    behaviours: [reply(429, { 'Retry-After': '60' })],
    answer: '503 cxone_unavailable',
    tries: 1,
  },
  '5xx, then a token': { behaviours: [reply(500), 'reset'], answer: '200', tries: 3 },
  '5xx for good': { behaviours: Array(4).fill(reply(500)), answer: '503 cxone_unavailable', tries: 4 },
  garbage: { behaviours: [reply(200, {}, '{"access_token":7}')], answer: '502 cxone_failed', tries: 1 },
  'a redirect': {
    behaviours: [reply(302, { Location: `${fake.origin}/auth/token` })],
    answer: '502 cxone_failed',
    tries: 1,
  },
};
for (const [what, { behaviours, answer, tries }] of Object.entries(tokenFaults)) {
  test(`token endpoint: ${what}`, async () => {
    const before = fake.requests('token').length;
    fake.next('token', ...behaviours);
    const tenantId = nextLonely();
    const given = await get(tenantId);
    const [status, code] = answer.split(' ');
    if (code) assertProblem(given, Number(status), code, status === '503');
    else assert.is(given.status, 200, given.text);
    assert.is(fake.requests('token').length - before, tries);
    if (!code) return;
    const again = await get(tenantId);
    assert.is(again.status, given.status, 'and not tried again at once');
    assert.is(fake.requests('token').length - before, tries);
  });
}

test('a slow token endpoint: the caller leaves in time, and the next one takes what it brought', async () => {
  const tenantId = nextLonely();
  const before = fake.requests('token').length;
  fake.next('token', 'hold');
  assertProblem(await get(tenantId, { 'X-Timeout-Ms': '300' }), 504, 'deadline_exceeded');
  await fake.holding(1);
  const waiting = get(tenantId);
  fake.release();
  // What is released is no token: told at once, and one request it was.
  assertProblem(await waiting, 502, 'cxone_failed');
  assert.is(fake.requests('token').length, before + 1);
});

test('discovery: garbage and endpoints elsewhere are refused, and nothing is sent there', async () => {
  for (const document of [
    '<html>',
    '{}',
    '{"token_endpoint":"http://127.0.0.1/x"}',
    '{"token_endpoint":"https://example.com/x"}',
  ]) {
    fake.next('discovery', reply(200, {}, document));
    const before = fake.requests('token').length;
    assertProblem(await get(nextLonely()), 502, 'cxone_failed');
    assert.is(fake.requests('token').length, before);
  }
});

test('the breaker: opens after five failures, refuses at once with Retry-After, and is seen in the metrics', async () => {
  await get('acme');
  fake.next('api', ...Array(5).fill(reply(500)));
  await get();
  await get();
  const before = asked();
  const refused = await get();
  assertProblem(refused, 503, 'cxone_unavailable', true);
  assert.ok(Number(refused.headers['retry-after']) <= 10);
  assertProblem(await post(), 503, 'cxone_unavailable', true);
  assert.is(asked(), before);
  assert.is(await metric(handler, 'breaker_state', { dependency: 'cxone' }), 2);
  assert.match(handler.output(), '"tenantId":"acme","state":"open"');
  assert.is((await get('lonely-1')).status, 200, 'another tenant is not touched');
  await until('the trial', async () => assert.is((await get()).status, 200));
});

test('what went wrong is in the log, by a word, and in the metrics', async () => {
  for (const reason of [
    'cxone api: status 404',
    'cxone api: garbage too large',
    'cxone token: status 401',
    'cxone api: breaker open',
  ])
    assert.match(handler.output(), reason);
  for (const status of ['2xx', '3xx', '4xx', '429', '5xx', 'error']) assert.ok((await exchanges(status)) > 0, status);
  for (const result of ['refused', 'unavailable', 'success'])
    assert.ok(((await metric(handler, 'token_refresh_total', { result })) ?? 0) > 0, result);
});

test.after(async () => {
  await handler.stop();
  await fake.close();
});
test.run();
