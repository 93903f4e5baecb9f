/**
 * A handler that starts before its database does: it says so, refuses politely, and recovers by itself.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId } from '../services/database.ts';
import { startHandler, type TestHandler } from '../services/handler.ts';
import { assertProblem } from '../services/problem.ts';
import { startProxiedPostgres } from '../services/proxied.ts';
import { until } from '../services/until.ts';

const { proxy, server, database } = await startProxiedPostgres();
const handlers: TestHandler[] = [];

const start = async () => {
  const handler = await startHandler({ DATABASE_URL: database.url });
  handlers.push(handler);
  return handler;
};
const ask = (handler: TestHandler) => handler.ask('acme', { customer_ids: [customerId(1)] });

const saysItIsNotReady = async (handler: TestHandler) => {
  const { status, json } = await handler.admin('/readyz');
  assert.is(status, 503);
  assert.is(json.databaseReached, false);
  assert.is(json.listening, true);
  assert.is((await handler.admin('/livez')).status, 200);
  assert.is((await handler.admin('/startupz')).status, 200);
  assertProblem(await ask(handler), 503, 'database_unavailable', true);
};

const faults = [
  ['refuses connections', () => proxy.mode('refuse'), () => proxy.mode('forward')],
  ['resets connections', () => proxy.mode('reset'), () => proxy.mode('forward')],
  ['accepts connections and says nothing', () => proxy.mode('hang'), () => proxy.mode('forward')],
  ['is not there', server.kill, server.start],
] as const;

for (const [fault, begin, end] of faults) {
  test(`starts while the database ${fault}, and recovers when it is back`, async () => {
    await begin();
    const handler = await start();
    await saysItIsNotReady(handler);
    await end();
    await handler.ready();
    await until('an applied configuration', async () => {
      const { text } = await handler.admin('/config');
      if (!text.includes('"Applied"')) throw new Error(text);
    });
    assert.is((await ask(handler)).status, 200);
  });
}

test('stays ready when the database goes away later: it is not this pod that is broken', async () => {
  const handler = await start();
  await handler.ready();
  await server.kill();
  assertProblem(await ask(handler), 503, 'database_unavailable', true);
  assert.is((await handler.admin('/readyz')).status, 200);
  await server.start();
  await until('an answer', async () => assert.is((await ask(handler)).status, 200));
});

test.after(async () => {
  await Promise.all(handlers.map((handler) => handler.stop()));
  await proxy.close();
});
test.run();
