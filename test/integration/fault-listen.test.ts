/**
 * The connection that hears of changes, lost and made again: what changed meanwhile is not answered from a cache afterwards.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { startTcpProxy } from '../services/tcp-proxy.ts';
import { until } from '../services/until.ts';

const keys = Array.from({ length: 20 }, (_, n) => customerId(n + 1));
const asksAfterwards = 30;

const postgres = await startPostgres();
const proxy = await startTcpProxy(postgres);
const [direct, proxied] = [await prepareDatabase(postgres), await prepareDatabase(postgres, proxy.port)];
const handler = await startHandler({ DATABASE_URL: direct.url, DATABASE_LISTEN_URL: proxied.url });
await handler.ready();

const listeners = async () => {
  const [row] = await direct.sql(
    "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name LIKE '%listen since%'",
  );
  return Number(row?.n);
};
const isListening = () =>
  until('a listener', async () => {
    if ((await listeners()) === 0) throw new Error('none');
  });

const metricIs = (wanted: number) =>
  until(`invalidations_listening ${wanted}`, async () =>
    assert.is(await metric(handler, 'invalidations_listening'), wanted),
  );

const names = async (): Promise<readonly unknown[]> => {
  const answer = await handler.ask('acme', { customer_ids: keys });
  assert.is(answer.status, 200, answer.text);
  const { customers } = answer.json.output as { customers: readonly { name: unknown }[] };
  return [...new Set(customers.map(({ name }) => name))];
};
const rename = (name: string) =>
  direct.sql("UPDATE customers SET name = $1 WHERE tenant_id = 'acme' AND id = ANY($2)", [name, keys]);
const answersWith = async (name: string) => {
  await until(`the name ${name}`, async () => {
    const found = await names();
    if (found.length !== 1 || found[0] !== name) throw new Error(String(found));
  });
  for (let time = 0; time < asksAfterwards; time += 1) assert.equal(await names(), [name]);
};

test('a change is heard while it listens', async () => {
  await isListening();
  await metricIs(1);
  await names();
  await rename('heard');
  await answersWith('heard');
});

test('a change during a lost connection is not missed: everything is read again', async () => {
  await proxy.mode('reset');
  await proxy.mode('refuse');
  await names();
  await rename('not heard');
  // Nobody could tell: this is what a cache is.
  assert.equal(await names(), ['heard']);
  await metricIs(0);
  await proxy.mode('forward');
  await answersWith('not heard');
  await metricIs(1);
});

test('a connection that carries nothing any more is noticed without being asked', async () => {
  const { accepted } = proxy;
  await proxy.mode('hang');
  await rename('swallowed');
  await until('another attempt to listen', async () => {
    if (proxy.accepted === accepted) throw new Error('none yet');
  });
  await proxy.mode('forward');
  await answersWith('swallowed');
});

test('listens again after a restart of PostgreSQL', async () => {
  await postgres.kill();
  await postgres.start();
  await isListening();
  await answersWith('swallowed');
  await rename('after the restart');
  await answersWith('after the restart');
});

test.after(async () => {
  await handler.stop();
  await proxy.close();
});
test.run();
