/**
 * A drain step by step: not ready first, then no new connections, then what is in flight; alive until the end.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { createHold, heldAction } from '../services/hold.ts';
import { startPostgres } from '../services/postgres.ts';
import { openRaw } from '../services/raw-http.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const hold = await createHold(postgres, database);

const start = async (env: Readonly<Record<string, string>> = {}) => {
  const handler = await startHandler({ DATABASE_URL: database.url, STATEMENT_TIMEOUT_MS: '60000', ...env }, [
    { tenantId: 'acme' },
    { tenantId: 'slow', spec: { limits: { deadlineMilliseconds: 60_000 }, actions: [heldAction()] } },
  ]);
  await handler.ready();
  const ask = () => handler.ask('acme', { customer_ids: [customerId(1)] });
  const askHeld = () => handler.ask('slow', { keys: [`key of ${handler.port}`] }, { action: 'held' });
  const notReady = () => until('not ready', async () => assert.is((await handler.admin('/readyz')).status, 503));
  /** The door is closed: nobody can connect any more. */
  const closed = () => until('a closed door', () => refuses(handler.port));
  return { ...handler, ask, askHeld, notReady, closed };
};

const refuses = async (port: number): Promise<void> => {
  const raw = await openRaw(port).catch(() => undefined);
  if (!raw) return;
  raw.destroy();
  throw new Error('it is open');
};

test('is not ready before the door closes; answers until then tell the caller to connect anew', async () => {
  const handler = await start({ DRAIN_DELAY_MS: '1000' });
  assert.is((await handler.ask()).headers.connection, 'keep-alive');
  handler.signal('SIGTERM');
  await handler.notReady();
  const answer = await handler.ask();
  assert.is(answer.status, 200);
  assert.is(answer.headers.connection, 'close');
  assert.is((await handler.admin('/readyz')).json.draining, true);
  assert.is((await handler.admin('/livez')).status, 200);
  assert.is(await handler.exited(), 0);
});

test('finishes a request whose statement is slow, and is alive while it does', async () => {
  const handler = await start();
  await hold.hold();
  const held = handler.askHeld();
  await hold.waiting(1);
  handler.signal('SIGTERM');
  await handler.closed();
  assert.is((await handler.admin('/livez')).status, 200);
  assert.is((await handler.admin('/readyz')).status, 503);
  assert.match((await handler.admin('/metrics')).text, /process_resident_memory_bytes \d/);
  await hold.letGo();
  const answer = await held;
  assert.is(answer.status, 200, answer.text);
  assert.is(answer.headers.connection, 'close');
  assert.is(await handler.exited(), 0);
});

test('an idle kept connection, and one that never said a word, hold nothing up', async () => {
  const handler = await start();
  await handler.ask();
  const silent = await openRaw(handler.port);
  handler.signal('SIGTERM');
  assert.is(await handler.exited(), 0);
  assert.equal(await silent.closed, []);
});

test('ends anyway when it takes longer than DRAIN_TIMEOUT_MS', async () => {
  const handler = await start({ DRAIN_TIMEOUT_MS: '300' });
  await hold.hold();
  const held = handler.askHeld().then(
    () => 'answered',
    () => 'cut',
  );
  await hold.waiting(1);
  handler.signal('SIGTERM');
  assert.is(await handler.exited(), 0);
  assert.is(await held, 'cut');
  await hold.letGo();
});

test('a second SIGTERM ends it at once', async () => {
  const handler = await start({ DRAIN_TIMEOUT_MS: '600000' });
  await hold.hold();
  const held = handler.askHeld().catch(() => {});
  await hold.waiting(1);
  handler.signal('SIGTERM');
  await handler.closed();
  handler.signal('SIGTERM');
  assert.is(await handler.exited(), 1);
  await held;
  await hold.letGo();
});

test.after(() => hold.close());
test.run();
