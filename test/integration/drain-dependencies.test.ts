/**
 * SIGTERM while a dependency is away or hangs: the process ends cleanly, and does not wait for what cannot come.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'undici';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { freePort } from '../../cmd/dev/free-port.ts';
import { customerId } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { ownDirectory, ownProcess } from '../services/owned.ts';
import { startProxiedPostgres } from '../services/proxied.ts';
import { startTcpProxy } from '../services/tcp-proxy.ts';
import { until } from '../services/until.ts';

const { proxy, server, database } = await startProxiedPostgres();

const faults = [
  ['refuses connections', () => proxy.mode('refuse')],
  ['says nothing', () => proxy.mode('hang')],
] as const;

for (const [fault, begin] of faults) {
  test(`ends when the database, not reached yet, ${fault}`, async () => {
    await begin();
    const handler = await startHandler({ DATABASE_URL: database.url });
    assert.is((await handler.admin('/readyz')).json.databaseReached, false);
    handler.signal('SIGTERM');
    assert.is(await handler.exited(), 0);
    await proxy.mode('forward');
  });

  test(`ends when the database, reached before, ${fault}, and answers what is in flight`, async () => {
    const handler = await startHandler({ DATABASE_URL: database.url }, [
      { tenantId: 'acme', spec: { limits: { deadlineMilliseconds: 500 } } },
    ]);
    await handler.ready();
    await begin();
    const asked = Promise.all([1, 2, 3].map((n) => handler.ask('acme', { customer_ids: [customerId(n)] })));
    await until('the request to be in flight', async () => assert.is((await handler.admin('/livez')).status, 200));
    handler.signal('SIGTERM');
    assert.is(await handler.exited(), 0);
    for (const { status } of await asked) assert.ok([200, 503, 504].includes(status), String(status));
    await proxy.mode('forward');
  });
}

test('ends while it still boots, without ever opening the door', async () => {
  // A Redis that says nothing is waited for before the door opens.
  const hanging = await startTcpProxy(server);
  await hanging.mode('hang');
  await proxy.mode('refuse');
  const [port, adminPort] = [await freePort(), await freePort()];
  const launch = new URL('../../cmd/launch.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [launch, 'handler'], {
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      BUNDLE_DIR: ownDirectory('bundle'),
      DATABASE_URL: database.url,
      REDIS_URL: `redis://${hanging.host}:${hanging.port}`,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  ownProcess(() => child.pid);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await until('the admin port', () => request(`http://127.0.0.1:${adminPort}/livez`));
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.is(code, 0);
  assert.not.match(output, /"msg":"listening"/);
  await hanging.close();
});

test.after(() => proxy.close());
test.run();
