/**
 * `untilRedisIsBelieved()`: the first handler that listens believes no row of Redis that may be older than that, by the skew of clocks that is
 * allowed. Tests of what handlers share begin when that is over.
 */
import * as assert from 'uvu/assert';
import { customerId } from './database.ts';
import type { TestHandler } from './handler.ts';
import { metric } from './metric.ts';
import { until } from './until.ts';

/** Of no customer: absences are shared as well. */
let probe = 1_000_000;

const hits = async (handler: TestHandler): Promise<number> =>
  (await metric(handler, 'cache_requests_total', { tier: 'redis', result: 'hit' })) ?? 0;

export const untilRedisIsBelieved = (writer: TestHandler, reader: TestHandler): Promise<void> =>
  until('rows of Redis to be believed', async () => {
    probe += 1;
    const input = { customer_ids: [customerId(probe)] };
    await writer.ask('acme', input);
    const before = await hits(reader);
    await reader.ask('acme', input);
    assert.ok((await hits(reader)) > before);
  });
