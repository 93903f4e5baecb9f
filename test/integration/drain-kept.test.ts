/**
 * Kept connections in a drain: a caller may already have sent its next request when the door closes.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { openRaw, type RawConnection, rawRequest } from '../services/raw-http.ts';
import { until } from '../services/until.ts';

/** More than can be used up while the door is still open. */
const connections = 400;
const afterTheDoorClosed = 20;

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const handler = await startHandler({ DATABASE_URL: database.url });
await handler.ready();

const request = rawRequest('POST /data-action HTTP/1.1', ['Content-Length: 2'], '{}');

/** With one answer behind it, and idle since. */
const openKept = async (): Promise<RawConnection> => {
  const connection = await openRaw(handler.port);
  connection.send(request);
  await until('an answer', async () => assert.is(connection.answers().length, 1));
  return connection;
};

const doorIsOpen = async (): Promise<boolean> => {
  const connection = await openRaw(handler.port).catch(() => undefined);
  connection?.destroy();
  return connection !== undefined;
};

test('answers the next request on every kept connection, also after the door has closed, and then closes it', async () => {
  const kept = await Promise.all(Array.from({ length: connections }, openKept));
  handler.signal('SIGTERM');
  await until('a drain', async () => assert.is((await handler.admin('/readyz')).status, 503));
  const askNext = async (): Promise<void> => {
    const connection = kept.pop();
    if (!connection) throw new Error('the door stayed open for too long');
    connection.send(request);
    const [, answer] = await connection.closed;
    assert.is(answer?.headers.connection, 'close');
    assert.ok(answer && [401, 503].includes(answer.status), answer?.text);
  };
  while (await doorIsOpen()) await askNext();
  for (let time = 0; time < afterTheDoorClosed; time += 1) await askNext();
  assert.is(await handler.exited(), 0);
});

test.after(() => handler.stop());
test.run();
