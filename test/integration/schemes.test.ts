/**
 * Every signature scheme against a real handler: what is genuine is answered, everything else is the one 401, and a key that is
 * no longer used can be seen.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type WebhookScheme, webhookSchemes } from '../../pkg/tenant/webhook-spec.ts';
import { customerId, prepareDatabase } from '../services/database.ts';
import { type Answer, type AskOptions, startHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';

/** Base64 of 24 bytes: keys of every scheme. */
const newest = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const previous = 'QSBrZXkgdGhhdCBpcyBvbiBpdHMgd2F5';
const strange = 'Tm9ib2R5IGhhcyB0aGlzIGtleSBvZiBh';
const toleranceSeconds = 60;
const timed = ['HmacTimestampBody', 'StandardWebhooks', 'CxoneExpert'];

const tenantOf = (scheme: WebhookScheme) => `by-${scheme}`;
const tenants = (secrets: readonly string[]) =>
  webhookSchemes.map((scheme) => ({
    tenantId: tenantOf(scheme),
    secrets,
    spec: { webhook: { scheme, toleranceSeconds } },
  }));

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const handler = await startHandler({ DATABASE_URL: database.url }, tenants([newest]));
await handler.ready();

const bodyFor = (tenantId: string) =>
  JSON.stringify({ action: 'process_customer_batch', input: { tenant_id: tenantId, customer_ids: [customerId(1)] } });
/** Unix seconds. Moments are a whole tolerance away from where they would count otherwise, or half of it. */
const secondsFromNow = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;
const failures = async (reason: string) => (await metric(handler, 'signature_failures_total', { reason })) ?? 0;
const used = async (tenant_id: string, key: string) =>
  (await metric(handler, 'signature_key_used_total', { tenant_id, key })) ?? 0;

/** The reason the metrics tell, and what is sent. */
type Refusal = readonly [string, AskOptions];
const sent = (reason: string, headers: AskOptions['headers'] = {}): Refusal => [reason, { unsigned: true, headers }];

/** Everything of an answer that has to be the same. */
const shown = ({ status, headers, text, json }: Answer) => {
  const { date: _, 'x-request-id': id, ...rest } = headers;
  assert.is(json.requestId, id);
  return { status, rest, text: text.replace(String(id), 'ID') };
};

for (const scheme of webhookSchemes) {
  const tenantId = tenantOf(scheme);
  const body = bodyFor(tenantId);
  const post = (options: AskOptions) => handler.post(tenantId, body, { secret: newest, ...options });

  test(`${scheme}: a genuine request is answered, and its repeats to the letter too`, async () => {
    const headers = handler.sign(tenantId, body, { secret: newest });
    for (let repeat = 0; repeat < 3; repeat += 1) {
      const answer = await post({ unsigned: true, headers });
      assert.is(answer.status, 200, answer.text);
      assert.equal(answer.json.output, { customers: [], count: 0, missing: [customerId(1)] });
    }
  });

  test(`${scheme}: whatever is wrong with the proof, it is the one 401`, async () => {
    const good = handler.sign(tenantId, body, { secret: newest });
    const unknown = shown(await handler.post('nobody', bodyFor('nobody'), { secret: newest }));
    const proofs = Object.entries(good).filter(([name]) => name !== 'X-Nexus-Delivery-Id');
    const refusals: readonly Refusal[] = [
      ['bad_signature', { secret: strange }],
      ['missing_signature', { unsigned: true }],
      ...proofs.map(([name]) =>
        sent('missing_signature', Object.fromEntries(Object.entries(good).filter(([each]) => each !== name))),
      ),
      ...proofs.map(([name, value]) => sent('bad_signature', { ...good, [name]: [value, value] })),
      ...proofs.map(([name, value]) => sent('bad_signature', { ...good, [name]: `${value}0` })),
    ];
    for (const [reason, options] of refusals) {
      const before = await failures(reason);
      const answer = await post(options);
      assertProblem(answer, 401, 'unauthenticated');
      assert.equal(shown(answer), unknown, JSON.stringify(options));
      assert.is(await failures(reason), before + 1, `${reason}: ${JSON.stringify(options)}`);
    }
  });

  const count = timed.includes(scheme) ? 'are refused as such' : 'do not matter';
  test(`${scheme}: requests of the past and of the future ${count}`, async () => {
    const before = await failures('stale_timestamp');
    const unknown = shown(await handler.post('nobody', bodyFor('nobody'), { secret: newest }));
    for (const seconds of [-2 * toleranceSeconds, 2 * toleranceSeconds, -1e9]) {
      const answer = await post({ now: secondsFromNow(seconds) });
      if (timed.includes(scheme)) assert.equal(shown(answer), unknown);
      else assert.is(answer.status, 200);
    }
    assert.is(await failures('stale_timestamp'), before + (timed.includes(scheme) ? 3 : 0));
    const wrong = await post({ now: secondsFromNow(-2 * toleranceSeconds), secret: strange });
    assert.is(wrong.status, 401);
    assert.is(await failures('stale_timestamp'), before + (timed.includes(scheme) ? 3 : 0));
    for (const seconds of [-toleranceSeconds / 2, toleranceSeconds / 2]) {
      assert.is((await post({ now: secondsFromNow(seconds) })).status, 200);
    }
  });
}

test('a rotation can be watched: the old key counts at its place while it is used, and no more when it is not', async () => {
  const ask = async (secret: string, status: number) => {
    for (const scheme of webhookSchemes) {
      const tenantId = tenantOf(scheme);
      assert.is((await handler.post(tenantId, bodyFor(tenantId), { secret })).status, status, scheme);
    }
  };
  const places = () =>
    Promise.all(
      webhookSchemes.map(async (scheme) => [await used(tenantOf(scheme), '0'), await used(tenantOf(scheme), '1')]),
    );

  await handler.apply(tenants([newest, previous]));
  const before = await places();
  await ask(previous, 200);
  assert.equal(
    await places(),
    before.map(([first = 0, second = 0]) => [first, second + 1]),
  );
  await ask(newest, 200);
  await ask(newest, 200);
  const after = before.map(([first = 0, second = 0]) => [first + 2, second + 1]);
  assert.equal(await places(), after);
  await handler.apply(tenants([newest]));
  await ask(previous, 401);
  assert.equal(await places(), after);
});

test('a scheme that is changed holds from the next request on', async () => {
  const acme = (scheme: WebhookScheme) => ({ tenantId: 'acme', secrets: [newest], spec: { webhook: { scheme } } });
  const body = bodyFor('acme');
  await handler.apply([acme('Bearer')]);
  const token = handler.sign('acme', body, { secret: newest });
  assert.is((await handler.post('acme', body, { unsigned: true, headers: token })).status, 200);
  await handler.apply([acme('StandardWebhooks')]);
  assertProblem(await handler.post('acme', body, { unsigned: true, headers: token }), 401, 'unauthenticated');
  assert.is((await handler.post('acme', body, { secret: newest })).status, 200);
});

test('no secret is in a log line, a metric or the report', async () => {
  const told = [
    handler.output(),
    ...(await Promise.all(['/metrics', '/config'].map(async (path) => (await handler.admin(path)).text))),
  ];
  for (const secret of [newest, previous, strange]) assert.not.match(told.join('\n'), secret);
});

test.after(() => handler.stop());
test.run();
