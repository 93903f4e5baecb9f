/**
 * A running handler removes stored answers that are too old: the cleaner is wired in, and stops with it.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createHandler } from '../../cmd/handler/handler.ts';
import { type Clock, systemClock } from '../../pkg/process/clock.ts';
import { idempotencyLimits } from '../../pkg/process/limits.ts';
import { loadSettings } from '../../pkg/process/settings.ts';
import { createLogger } from '../../pkg/telemetry/logger.ts';
import { prepareDatabase } from '../services/database.ts';
import { ownDirectory } from '../services/owned.ts';
import { startPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';

const database = await prepareDatabase(await startPostgres());
const { cleanIntervalMs, cleanJitter } = idempotencyLimits;

/** The system's, but that waits as long as a cleaner's end when the test says so. */
const waits: (() => void)[] = [];
const clock: Clock = {
  ...systemClock,
  after: (ms, fn) => {
    if (Math.abs(ms - cleanIntervalMs) > cleanIntervalMs * cleanJitter) return systemClock.after(ms, fn);
    waits.push(fn);
    return () => void waits.splice(waits.indexOf(fn), 1);
  },
};

test('old rows go, young ones stay, and a stopped handler waits for nothing more', async () => {
  const settings = loadSettings({
    HOST: '127.0.0.1',
    PORT: '0',
    ADMIN_PORT: '0',
    DRAIN_DELAY_MS: '0',
    BUNDLE_DIR: ownDirectory('no-tenants'),
    DATABASE_URL: database.url,
  });
  if (!settings.ok) throw new Error(JSON.stringify(settings.problems));
  await database.sql(`INSERT INTO idempotency_keys
    SELECT 'acme', 'a', age, 'h', '{}', now() - age::interval FROM unnest(ARRAY['25 hours', '23 hours']) AS age`);
  const handler = createHandler(settings.value, clock, createLogger('silent'));
  await handler.start();
  assert.is(waits.length, 1);
  await until('the old row to be gone', async () => {
    // The database may not be reached yet at the first look.
    for (const look of waits.splice(0)) look();
    assert.equal(await database.sql('SELECT key FROM idempotency_keys'), [{ key: '23 hours' }]);
  });
  await until('the next wait', async () => assert.is(waits.length, 1));
  await handler.stop();
  assert.is(waits.length, 0);
});

test.run();
