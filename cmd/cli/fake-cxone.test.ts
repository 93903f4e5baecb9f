import { once } from 'node:events';
import { createServer } from 'node:http';
import { Agent, request } from 'undici';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fakeCxoneLimits } from '../../pkg/process/mock-limits.ts';
import { createFakeCxone } from './fake-cxone.ts';

const credentials = { clientId: 'client', clientSecret: 'secret', accessKeyId: 'key', accessKeySecret: 'key secret' };
const fake = createFakeCxone({ accounts: [{ tenantId: 'acme', credentials }], origin: () => origin });
const server = createServer(fake.listener).listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${Object(server.address()).port}`;
const dispatcher = new Agent();

const ask = async (path: string, options: Parameters<typeof request>[1] = {}) => {
  const { statusCode, body } = await request(origin + path, { dispatcher, ...options });
  const json: Record<string, unknown> = Object(await body.json());
  return { status: statusCode, json };
};
const grant = JSON.stringify({ grant_type: 'client_credentials', client_id: 'client', client_secret: 'secret' });
const token = async () => String((await ask('/oauth2/token', { method: 'POST', body: grant })).json.access_token);
const statusWith = async (bearer: string) =>
  (await ask('/a', { headers: { Authorization: `Bearer ${bearer}` } })).status;

test('only the newest tokens hold', async () => {
  const first = await token();
  const second = await token();
  for (let given = 2; given < fakeCxoneLimits.tokensMax; given += 1) await token();
  assert.equal([await statusWith(first), await statusWith(second)], [200, 200]);
  const last = await token();
  assert.equal([await statusWith(first), await statusWith(second), await statusWith(last)], [401, 200, 200]);
});

test('a body over the bound costs its connection, one within it is read', async () => {
  const { bodyBytesMax } = fakeCxoneLimits;
  const headers = { Authorization: `Bearer ${await token()}` };
  const send = (bytes: number) =>
    ask('/a', { method: 'POST', headers, body: `{"a":"${'x'.repeat(bytes - 8)}"}` }).then(
      ({ status }) => status,
      () => 'closed',
    );
  assert.is(await send(bodyBytesMax), 200);
  assert.is(await send(bodyBytesMax + 1), 'closed');
});

test.after(async () => {
  await dispatcher.destroy();
  server.close();
});
test.run();
