/**
 * `npm run bench [-- --seconds N --rounds N --callers N]`: requests/s and latency of the scenarios on this machine.
 *
 * Real PostgreSQL with fsync on, the handler as a process of its own, the load as another. Rounds of all scenarios are
 * interleaved and the median round is shown, since machines are noisy: compare figures of one run only.
 */
import { parseArgs } from 'node:util';
import { prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { startRedis, whyNoRedis } from '../services/redis.ts';
import type { LoadResult } from './load.ts';
import { commit, machine } from './machine.ts';
import { median } from './quantile.ts';
import { benchTenants, customers, scenarios } from './scenarios.ts';
import { startLoad } from './start-load.ts';

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    callers: { type: 'string', default: '32' },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const seed = `
  DELETE FROM customers;
  INSERT INTO customers (tenant_id, id, name, status)
  SELECT t, ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Customer ' || n, 'active'
  FROM unnest(ARRAY['warm', 'cold']) AS t, generate_series(1, ${customers}) AS n;`;

const postgres = await startPostgres({ fsync: 'on', full_page_writes: 'on' });
const database = await prepareDatabase(postgres);
await database.sql(seed);
await database.sql('VACUUM ANALYZE customers');
const noRedis = await whyNoRedis();
const redis = noRedis === undefined ? await startRedis() : undefined;
const handler = await startHandler(
  { DATABASE_URL: database.url, LOG_LEVEL: 'warn', ...(redis ? { REDIS_URL: redis.url } : {}) },
  benchTenants,
);
await handler.ready();

say(`machine   ${machine()}`);
say(`commit    ${commit()}`);
say(`services  PostgreSQL (fsync on), ${redis ? 'Redis' : 'no Redis'}, audit EveryRequest`);
say(
  `load      ${flags.callers} callers in a closed loop, ${flags.rounds} rounds of ${flags.seconds} s, median round\n`,
);

const results = new Map<string, LoadResult[]>(scenarios.map(({ name }) => [name, []]));
for (let round = 0; round < Number(flags.rounds); round += 1) {
  for (const scenario of scenarios) {
    const order = {
      url: handler.url,
      scenario,
      callers: Number(flags.callers),
      warmUpMs: 1_000,
      durationMs: Number(flags.seconds) * 1_000,
    };
    results.get(scenario.name)?.push(await startLoad(order));
  }
}

say('scenario    requests/s   p50 ms   p99 ms   failed');
for (const [name, rounds] of results) {
  const column = (pick: (result: LoadResult) => number, digits: number, width: number) =>
    median(rounds.map(pick)).toFixed(digits).padStart(width);
  const cells = [column((r) => r.requestsPerSecond, 0, 10), column((r) => r.p50Ms, 2, 9), column((r) => r.p99Ms, 2, 9)];
  say(`${name.padEnd(12)}${cells.join('')}${column((r) => r.failed, 0, 9)}`);
}
await handler.stop();
process.exit(0);
