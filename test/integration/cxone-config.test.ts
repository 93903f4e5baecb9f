/**
 * A client lives as long as its settings and secrets: over changes that do not touch them, and no longer.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cxoneActions, cxoneEnv, cxoneTenant, secretFor } from '../services/cxone-tenant.ts';
import { prepareDatabase } from '../services/database.ts';
import { startFakeCxone } from '../services/fake-cxone.ts';
import { startHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';

const fake = await startFakeCxone();
const database = await prepareDatabase(await startPostgres());
const acme = cxoneTenant(fake);
const handler = await startHandler({ DATABASE_URL: database.url, ...cxoneEnv(fake) }, [acme]);
await handler.ready();

const tokens = (): number => fake.requests('token').length;
const ask = () => handler.ask('acme', { contact_id: '1' }, { action: 'get_contact' });
const breakers = () => metric(handler, 'breaker_state', { dependency: 'cxone' });

test('a change that does not touch it keeps the token', async () => {
  assert.is((await ask()).status, 200);
  await handler.apply([
    { ...acme, spec: { ...acme.spec, limits: { batchSize: 5 }, actions: cxoneActions.slice(0, 2) } },
  ]);
  assert.is((await ask()).status, 200);
  await handler.apply([acme, cxoneTenant(fake, 'globex')]);
  assert.is((await ask()).status, 200);
  assert.is(tokens(), 1);
});

test('a new secret is used at once; one that CXone refuses is told', async () => {
  const wrong = secretFor({ ...fake.credentials, accessKeySecret: 'rotated too early' });
  await handler.apply([{ ...acme, cxoneSecret: wrong }]);
  assert.is((await ask()).json.code, 'cxone_failed');
  assert.is(tokens(), 2);
  await handler.apply([acme]);
  assert.is((await ask()).status, 200);
  assert.is(tokens(), 3);
});

test('other settings are another client, though the declaration is the same', async () => {
  await handler.apply([{ ...acme, spec: { ...acme.spec, cxone: { issuer: fake.origin, requestsPerSecond: 5 } } }]);
  assert.is((await ask()).status, 200);
  assert.is(tokens(), 4);
});

test('a configuration that is refused leaves the client alone', async () => {
  const bad = {
    name: 'change',
    transaction: { statements: [{ text: 'DELETE FROM t WHERE a = $1', parameters: ['tenant_id'] }] },
  };
  const badLookup = {
    name: 'find',
    input: [{ name: 'ids', type: 'UUID', list: true }],
    lookup: {
      statement: 'SELECT id FROM nowhere WHERE t = $1 AND id = ANY($2)',
      parameters: ['tenant_id', 'ids'],
      keys: 'ids',
      keyColumn: 'id',
      output: 'found',
    },
  };
  await handler.apply([acme]);
  assert.is((await ask()).status, 200);
  const before = tokens();
  for (const action of [bad, badLookup]) {
    const cxone = { issuer: fake.origin, requestsPerSecond: 7 };
    const reports = await handler.configure([{ ...acme, spec: { actions: [...cxoneActions, action], cxone } }]);
    if (reports[0]?.state !== 'Refused') continue;
    assert.is((await ask()).status, 200);
    assert.is(tokens(), before);
  }
  await handler.apply([acme]);
  assert.is((await ask()).status, 200);
  assert.is(tokens(), before);
});

test('a tenant that goes takes its open breaker along', async () => {
  fake.otherwise('api', { status: 500 });
  for (let call = 0; call < 2; call += 1) await ask();
  assert.is(await breakers(), 2);
  await handler.apply([cxoneTenant(fake, 'globex')]);
  assert.is(await breakers(), 0);
  assert.is((await ask()).status, 401);
  fake.otherwise('api', 'pass');
  await handler.apply([acme]);
  assert.is((await ask()).status, 200, 'a new client has a new breaker');
});

test('a tenant without calls any more likewise', async () => {
  fake.otherwise('api', { status: 500 });
  for (let call = 0; call < 2; call += 1) await ask();
  assert.is(await breakers(), 2);
  await handler.apply([{ tenantId: 'acme' }]);
  assert.is(await breakers(), 0);
  fake.otherwise('api', 'pass');
});

test.after(async () => {
  await handler.stop();
  await fake.close();
});
test.run();
