/**
 * What leaves PostgreSQL of a lookup that returns too much: so many rows, and of each no more than shows that no answer holds it.
 *
 * also over docker
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compileLookup, runLookup } from '../../pkg/postgres/lookup-statement.ts';
import { runSharedLookup } from '../../pkg/postgres/shared-lookup.ts';
import { databaseLimits, requestLimits } from '../../pkg/process/limits.ts';
import { prepareDatabase } from '../services/database.ts';
import { minute, openDatabase } from '../services/open-database.ts';
import { openLookups } from '../services/open-lookups.ts';
import { startPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';

const { lookupRowsMax } = databaseLimits;
const { answerBytesMax } = requestLimits;
const postgres = await startPostgres();
const { url, sql } = await prepareDatabase(postgres);
await sql(`
  CREATE TABLE amiss (tenant_id text, id text, pad text);
  INSERT INTO amiss SELECT 'acme', 'most', n FROM generate_series(1, ${lookupRowsMax}) AS n;
  INSERT INTO amiss SELECT 'acme', 'more', n FROM generate_series(1, ${lookupRowsMax + 1}) AS n;
  INSERT INTO amiss VALUES ('acme', 'one', ''), ('acme', 'long', repeat('x', 1000000)), ('acme', 'wide', repeat('€', 1000000));
  GRANT SELECT ON amiss TO dataactions_service`);
const database = openDatabase({ url });
await database.answers();
const text = 'SELECT id, pad FROM amiss WHERE tenant_id = $1 AND id = ANY($2)';
const ask = openLookups(database)({
  tenantId: 'acme',
  statement: text,
  input: [{ name: 'ids', type: 'String', list: true }],
  ttlSeconds: 60,
});
const lookup = compileLookup({ text, types: ['text', 'text[]'], keyColumn: 'id' });
const emptyRow = Buffer.byteLength('{"id":"","pad":""}');

/** What leaves PostgreSQL, by itself, with a kept plan, and beside another tenant's. */
const leaving = async (...ids: readonly string[]) => {
  const values = ['acme', `{${ids.join()}}`];
  const deadline = minute();
  const [kept, shared] = [lookup.kept?.(), lookup.shared?.()];
  if (!kept || !shared) throw new TypeError('not plain');
  const job = { readings: [['other', '{one}'], values], records: [], deadline };
  // On a busy machine PostgreSQL may end it for its time.
  const found = await until('a shared statement', async () => {
    const outcome = await runSharedLookup(database, shared, job);
    if (!('found' in outcome)) throw outcome.refused;
    return outcome.found;
  });
  return [
    await runLookup(database, lookup, { values, records: [], deadline }),
    await runLookup(database, lookup, { values, deadline }),
    await runLookup(database, kept, { values, deadline }),
    found[1] ?? [],
  ];
};

test('one row more than there may be shows that there are too many, whoever it is read with', async () => {
  for (const rows of await leaving('most')) assert.is(rows.length, lookupRowsMax);
  for (const rows of await leaving('most', 'more', 'one')) assert.is(rows.length, lookupRowsMax + 1);
});

test('of several rows of a key the first counts; with too many the lookup has failed, and no other request', async () => {
  assert.equal((await ask({ ids: ['most'] })).rows, [{ id: 'most', pad: '1' }]);
  const [more, one] = await Promise.all([ask({ ids: ['more'] }), ask({ ids: ['one'] })]);
  assert.equal([more.code, one.code], ['statement_failed', 'answered']);
  assert.is((await ask({ ids: ['more'] })).code, 'statement_failed', 'nothing of it was kept');
});

test('a row that an answer could hold leaves as it is, to the last byte; of a longer one no more than tells so', async () => {
  const room = answerBytesMax - emptyRow;
  const pads = {
    fits: 'x'.repeat(room - 4),
    over: 'x'.repeat(room - 3),
    both: `€${'x'.repeat(room - 7)}`,
    wider: `€${'x'.repeat(room - 7)}`,
  };
  for (const [id, pad] of Object.entries(pads)) await sql('INSERT INTO amiss VALUES ($1, $2, $3)', ['acme', id, pad]);
  for (const id of ['fits', 'over', 'both', 'wider'] as const) {
    const whole = JSON.stringify({ id, pad: pads[id] });
    for (const [row] of await leaving(id)) assert.is(row?.row, whole, id);
  }
  for (const id of ['long', 'wide']) {
    for (const [row] of await leaving(id)) assert.is(row?.row.length, answerBytesMax + 1, id);
  }
});

test('keys of such rows are too large, and read once', async () => {
  for (const source of ['database', 'memory']) {
    const { body, ...answer } = await ask({ ids: ['long', 'one', 'wide'] });
    assert.is(answer.source, source);
    assert.equal(JSON.parse(body), {
      output: { rows: [{ id: 'one', pad: '' }], count: 1, tooLarge: ['long', 'wide'] },
    });
  }
});

test.after(() => database.stop());
test.run();
