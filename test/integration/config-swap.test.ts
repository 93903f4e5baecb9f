/**
 * The configuration changes a thousand times under load: every answer is of one configuration that held between its question
 * and its end, no request fails, and a tenant that did not change never notices.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { type Answer, startHandler } from '../services/handler.ts';
import { startLoad } from '../services/load.ts';
import { startPostgres } from '../services/postgres.ts';

const swaps = 1_000;
/** Requests all the time, and time left for the swaps. */
const pace = { pauseMs: 5 };
const limits = { requestsPerSecond: 100_000, burst: 100_000 };

/** Marks its answers in two places: the output's name, and a column of every row. */
const configuration = (version: number) => ({
  limits,
  actions: [
    {
      name: 'find',
      input: [{ name: 'ids', type: 'UUID', list: true }],
      lookup: {
        statement: `SELECT id, '${version}' AS version FROM customers WHERE tenant_id = $1 AND id = ANY($2)`,
        parameters: ['tenant_id', 'ids'],
        keys: 'ids',
        keyColumn: 'id',
        output: `version_${version}`,
      },
    },
  ],
});
const tenants = (version: number) => [
  { tenantId: 'acme', spec: configuration(version) },
  { tenantId: 'globex', spec: { limits } },
];

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const handler = await startHandler({ DATABASE_URL: database.url, LOG_LEVEL: 'error' }, tenants(0));
await handler.ready();

/** @throws for an answer that is mixed */
const versionOf = ({ json }: Answer): number => {
  const output: Record<string, unknown> = { ...Object(json.output) };
  const [name = ''] = Object.keys(output);
  const version = Number(name.slice('version_'.length));
  const rows = [1, 2, 3].map((n) => ({ id: customerId(n), version: String(version) }));
  assert.equal(output, { [name]: rows, count: 3 });
  return version;
};

test('every answer belongs to one configuration that was valid while it was asked', async () => {
  let written = 0;
  let applied = 0;
  const wrong: string[] = [];
  const ids = [1, 2, 3].map(customerId);
  const load = startLoad(
    4,
    async () => {
      const earliest = applied;
      const answer = await handler.ask('acme', { ids }, { action: 'find' });
      const latest = written;
      if (answer.status === 200) {
        const version = versionOf(answer);
        if (version < earliest || version > latest) wrong.push(`${version} is not in ${earliest}..${latest}`);
      }
      return answer;
    },
    pace,
  );
  const bystanders = startLoad(1, () => handler.ask('globex', { customer_ids: [customerId(1)] }), pace);

  for (let version = 1; version <= swaps; version += 1) {
    written = version;
    const reports = await handler.configure(tenants(version));
    assert.ok(
      reports.every(({ state }) => state === 'Applied'),
      JSON.stringify(reports),
    );
    applied = version;
  }
  for (const result of [await load.stop(), await bystanders.stop()]) {
    assert.equal(result.failures, []);
    assert.equal(result.statuses, [200]);
    assert.ok(result.answered.length > 100, `${result.answered.length} answers`);
  }
  assert.equal(wrong, []);
  assert.is(versionOf(await handler.ask('acme', { ids }, { action: 'find' })), swaps);
});

test.after(() => handler.stop());
test.run();
