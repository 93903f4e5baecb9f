/**
 * The main job from outside: a signed lookup answered from PostgreSQL, with its audit row.
 *
 * also over docker
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const handler = await startHandler({ DATABASE_URL: database.url });
await handler.ready();

test('answers rows in the order asked for, names what is missing, and writes one audit row', async () => {
  const asked = [customerId(7), customerId(999_999), customerId(3)];
  const answer = await handler.ask('acme', { customer_ids: asked }, { context: { contact_id: '42' } });
  assert.is(answer.status, 200);
  assert.equal(answer.json, {
    output: {
      customers: [
        { id: customerId(7), name: 'Leslie Lovelace 7', status: 'active', updated_at: '2026-01-01T00:07:00+00:00' },
        { id: customerId(3), name: 'Edsger Lovelace 3', status: 'inactive', updated_at: '2026-01-01T00:03:00+00:00' },
      ],
      count: 2,
      missing: [customerId(999_999)],
    },
  });
  const [row] = await database.sql('SELECT * FROM audit_log');
  assert.equal(row?.customer_ids, asked);
  assert.equal(row?.context, { contact_id: '42' });
  assert.is(row?.request_id, answer.headers['x-request-id']);
  assert.is(row?.outcome, 'answered');
  assert.is(row?.source, 'database');
});

test.after(() => handler.stop());
test.run();
