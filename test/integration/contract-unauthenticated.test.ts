/**
 * One and the same 401, whatever is wrong with the proof: a caller cannot learn from it which tenants exist.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { type Answer, startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';
import { secretOf } from '../services/tenants.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const handler = await startHandler({ DATABASE_URL: database.url }, [
  { tenantId: 'acme' },
  { tenantId: 'other' },
  { tenantId: 'asleep', spec: { suspend: true } },
]);
await handler.ready();

const bodyOf = (tenantId: unknown) =>
  JSON.stringify({ action: 'process_customer_batch', input: { tenant_id: tenantId, customer_ids: [customerId(1)] } });
const signature = 'X-CXone-Signature';

/** Everything of an answer that has to be the same. */
const shown = ({ status, headers, text, json }: Answer) => {
  const { date: _, 'x-request-id': id, ...rest } = headers;
  assert.is(json.requestId, id);
  return { status, rest, text: text.replace(String(id), 'ID') };
};

const requests: Readonly<Record<string, () => Promise<Answer>>> = {
  'unknown tenant': () => handler.post('nobody', bodyOf('nobody')),
  'suspended tenant': () => handler.post('asleep', bodyOf('asleep')),
  'wrong key': () => handler.post('acme', bodyOf('acme'), { secret: 'some other secret of acme' }),
  "other tenant's key": () => handler.post('acme', bodyOf('acme'), { secret: secretOf('other') }),
  'empty signature': () => handler.post('acme', bodyOf('acme'), { headers: { [signature]: '' } }),
  'no signature': () => handler.post('acme', bodyOf('acme'), { unsigned: true }),
  'no hex': () => handler.post('acme', bodyOf('acme'), { headers: { [signature]: 'zz'.repeat(32) } }),
  'truncated hex': () => handler.post('acme', bodyOf('acme'), { headers: { [signature]: 'ab'.repeat(31) } }),
  'another body': () => handler.post('acme', bodyOf('acme'), { headers: { [signature]: 'ab'.repeat(32) } }),
  'no tenant': () => handler.post('acme', '{}'),
  'no object': () => handler.post('acme', '7'),
  'tenant is a number': () => handler.post('acme', bodyOf(7)),
  'tenant is a list': () => handler.post('acme', bodyOf(['acme'])),
  'tenant is nothing': () => handler.post('acme', bodyOf('')),
  'tenant is long': () => handler.post('acme', bodyOf('a'.repeat(10_000))),
  'tenant is of the language': () => handler.post('__proto__', bodyOf('__proto__')),
};

test('every refusal is byte for byte the same but for its request id', async () => {
  const first = await handler.post('nobody', bodyOf('nobody'));
  assertProblem(first, 401, 'unauthenticated');
  for (const [what, ask] of Object.entries(requests)) assert.equal(shown(await ask()), shown(first), what);
});

test('a refusal comes before validation: an unproven request learns nothing of what would be wrong with it', async () => {
  const body = JSON.stringify({ action: 'nothing', input: { tenant_id: 'acme', more: 1 } });
  assertProblem(await handler.post('acme', body, { secret: 'some other secret of acme' }), 401, 'unauthenticated');
  assertProblem(await handler.post('acme', body), 400, 'invalid_request');
});

test('nothing of an unproven request is looked up or audited', async () => {
  await Promise.all(Object.values(requests).map((ask) => ask()));
  assert.is(await database.auditRows(), 0);
});

test('the log and the metrics know the reason', async () => {
  const { text } = await handler.admin('/metrics');
  for (const reason of ['unknown_tenant', 'bad_signature', 'missing_signature']) {
    assert.match(text, new RegExp(`signature_failures_total\\{reason="${reason}"\\} [1-9]`));
  }
  assert.not.match(text, 'nobody');
});

test.after(() => handler.stop());
test.run();
