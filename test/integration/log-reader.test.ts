/**
 * A reader of the log who stops for a while: requests are answered all the same, and no line is lost, nor what is written last.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';

/** Twice the lines that a pipe holds which nobody reads. */
const requests = 1_500;
const callers = 30;
const limits = { requestsPerSecond: 100_000, burst: 100_000, concurrency: callers };

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const handler = await startHandler({ DATABASE_URL: database.url }, [
  { tenantId: 'acme', spec: { limits, audit: 'DatabaseReads' } },
]);
await handler.ready();

test('while nobody reads the log, requests are answered, and all lines are there when somebody does', async () => {
  const input = { customer_ids: [customerId(1)] };
  const askOneByOne = async () => {
    for (let n = 0; n < requests / callers; n++) assert.is((await handler.ask('acme', input)).status, 200);
  };
  handler.readOutput(false);
  await Promise.all(Array.from({ length: callers }, askOneByOne));
  assert.is(await metric(handler, 'log_lines_dropped_total'), 0);
  handler.readOutput(true);
  await handler.stop();
  const messages = await until('the last line', async () => {
    const read = handler.output().trimEnd().split('\n');
    const said = read.map((line): unknown => JSON.parse(line).msg);
    assert.is(said.at(-1), 'stopped');
    return said;
  });
  assert.is(messages.filter((message) => message === 'request answered').length, requests);
});

test.run();
