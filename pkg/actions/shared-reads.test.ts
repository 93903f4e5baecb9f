import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { plain, settle, setUpPlain, setUpSharedReads } from '../../test/services/shared-reads.ts';
import { databaseLimits, sharedReadLimits } from '../process/limits.ts';

const { patienceMs, inFlightMax, aloneAfterSlowMs, restMsMin, restOfHeavyMs, readingKeysMax } = sharedReadLimits;
const abc = ['a', 'b', 'c'];
const rows = (tenants: readonly string[]) => tenants.map((tenant) => `"${tenant}"`);
const each = (what: string) => abc.map(() => what);

test('nobody shares before the plan was seen; then all of one turn do, each with its own rows and audit row', async () => {
  const { readNow, asked, heard } = setUpSharedReads();
  assert.equal(await readNow(abc), each('unknown'));
  assert.equal(await readNow(abc), rows(abc));
  assert.equal(
    asked.map(({ requestIds }) => requestIds),
    [['"of a"', '"of b"', '"of c"']],
  );
  assert.equal(heard, { batches: [3], shared: 3, queries: ['a success', 'b success', 'c success'] });
});

test('as many wait for one text as are let in; whoever comes then is refused at once', async () => {
  const { read, asked } = await setUpPlain({ requestsMax: 2 });
  const reading: Promise<string>[] = [];
  for (let statement = 0; statement < inFlightMax; statement += 1) {
    reading.push(read('a'));
    await settle();
  }
  reading.push(read('b'), read('c'));
  assert.is(await read('d'), 'overloaded');
  while (asked.length > 0) {
    asked.shift()?.answer();
    await settle();
  }
  assert.equal(await Promise.all(reading), [...reading.slice(2).map(() => '"a"'), '"b"', '"c"']);
});

test('requests of one tenant are one reading, without what memory has meanwhile; what is read is kept', async () => {
  const { cache, asked, heard, read, planOf } = await setUpPlain();
  const [plan, policy] = [planOf('a'), { ttlSeconds: 9, missingTtlSeconds: 9, staleIfErrorSeconds: 0 }];
  const reading = Promise.all([read('a', { keys: ['k', 'x'] }), read('b'), read('a', { keys: ['k', 'y'] })]);
  cache.store(plan.group, cache.epoch(plan.group), new Map([['x', '"known"']]), policy);
  await settle();
  assert.equal(asked[0]?.tenants, ['a', 'b']);
  assert.equal(asked[0]?.keys, ['"{k,y}"', '"{k}"']);
  asked[0]?.answer();
  assert.equal(await reading, ['"a"', '"b"', '"a"']);
  assert.equal([heard.batches, heard.shared], [[3], 2]);
  const { entries } = cache.readMemory(plan.group, ['k', 'x', 'y']);
  assert.equal(
    entries.map((entry) => entry?.text),
    ['"a"', '"known"', null],
  );
});

test('who asks for many keys reads alone', async () => {
  const { read, readNow } = await setUpPlain();
  assert.is(await read('a', { keys: Array(readingKeysMax + 1).fill('k') }), 'large');
  assert.equal(await readNow(abc), rows(abc));
});

test('what is not plain is never shared', async () => {
  const { readNow } = await setUpPlain({ text: `${plain} AND now() > '2026-01-01'` });
  assert.equal(await readNow(abc), each('not_plain'));
});

test('so many statements are under way, and what comes meanwhile forms the next', async () => {
  const { read, asked } = await setUpPlain();
  const tenants = Array.from({ length: inFlightMax + 2 }, (_, n) => `t${n}`);
  const readings = [];
  for (const tenant of tenants) {
    readings.push(read(tenant));
    await settle();
  }
  assert.is(asked.length, inFlightMax);
  for (let at = 0; at < asked.length; at += 1) {
    asked[at]?.answer();
    await settle();
  }
  assert.equal(asked.at(-1)?.tenants.length, 2);
  assert.equal(await Promise.all(readings), rows(tenants));
});

test('where PostgreSQL refuses a statement, or ends it for its time, each reads alone, and the text rests', async () => {
  for (const code of ['22012', '57014', '25006']) {
    const { clock, cache, heard, planOf, readNow } = await setUpPlain();
    assert.equal(await readNow(abc, ({ refuse }) => refuse(code)), each('retried'));
    assert.is(cache.readMemory(planOf('a').group, ['k']).entries[0], undefined);
    assert.equal(heard.queries, [], 'their own statements will tell');
    await clock.advance(restMsMin - 1);
    assert.equal(await readNow(abc), each('resting'));
    await clock.advance(1);
    assert.equal(await readNow(abc), rows(abc));
  }
});

test('a text that fails again and again rests longer each time; not where the database cannot serve', async () => {
  for (const [code, factor] of [
    ['22012', 2],
    ['53100', 1],
  ] as const) {
    const { clock, readNow } = await setUpPlain();
    for (const restMs of [restMsMin, restMsMin * factor, restMsMin * factor ** 2]) {
      assert.equal(await readNow(abc, ({ refuse }) => refuse(code)), each('retried'));
      await clock.advance(restMs - 1);
      assert.equal(await readNow(abc), each('resting'));
      await clock.advance(1);
    }
    assert.equal(await readNow(abc), rows(abc));
  }
});

test('who has more rows than there may be reads alone, and shares no more for now; the others have theirs', async () => {
  const { lookupRowsMax: most } = databaseLimits;
  const { clock, cache, heard, planOf, readNow } = await setUpPlain({ rowsOf: { a: most, b: most + 1 } });
  assert.equal(await readNow(abc), ['"a"', 'retried', '"c"']);
  assert.is(cache.readMemory(planOf('b').group, ['k']).entries[0], undefined);
  assert.is(heard.shared, 2);
  await clock.advance(0);
  assert.equal(await readNow(['a', 'c']), ['"a"', '"c"']);
});

test('who goes on alone after a shared statement shares again once that was quick', async () => {
  const { clock, asked, alone, read, readNow } = await setUpPlain();
  const reading = [read('a'), read('b'), read('c', { lasts: true })];
  await settle();
  asked[0]?.refuse('57014');
  assert.equal(await Promise.all(reading), each('retried'));
  await clock.advance(restMsMin);
  assert.equal(await readNow(abc), ['"a"', '"b"', 'slow'], 'that of c runs on');
  alone('c', 1);
  assert.equal(await readNow(['c']), ['"c"']);
});

test('requests with other parameters are readings of their own', async () => {
  const { asked, read } = await setUpPlain();
  const reading = Promise.all(['1', '2'].map((parameters) => read('a', { parameters })));
  await settle();
  assert.equal(asked[0]?.tenants, ['a', 'a']);
  asked[0]?.answer();
  assert.equal(await reading, ['"a"', '"a"']);
});

test('where nobody knows whether the audit rows hold, nothing is read again, nor kept', async () => {
  const { cache, heard, planOf, readNow } = await setUpPlain();
  assert.equal(await readNow(abc, ({ drop }) => drop()), each('database_unavailable'));
  assert.is(cache.readMemory(planOf('a').group, ['k']).entries[0], undefined);
  assert.equal(heard.queries, ['a error', 'b error', 'c error']);
  assert.equal(await readNow(abc), rows(abc), 'the text does not rest');
});

test('who is refused alone, or slow while others are quick, does not share for a while', async () => {
  for (const refused of [true, false]) {
    const { clock, alone, readNow } = await setUpPlain();
    alone('b', 1);
    await clock.advance(patienceMs);
    if (refused) alone('a', 1, 'refused');
    else alone('a', patienceMs + 2);
    alone('a', 1);
    await clock.advance(aloneAfterSlowMs - 1);
    assert.equal(await readNow(abc), ['slow', '"b"', '"c"'], 'though it was quick once');
    await clock.advance(1);
    assert.equal(await readNow(abc), rows(abc));
  }
});

test('others are quick in shared statements, too', async () => {
  const { clock, alone, readNow } = await setUpPlain();
  alone('b', 1);
  await clock.advance(patienceMs);
  await readNow(['c']);
  await clock.advance(patienceMs);
  alone('a', patienceMs + 1);
  alone('a', 1);
  assert.equal(await readNow(abc), ['slow', '"b"', '"c"']);
});

test('a shared statement whose commit takes long says nothing against whoever waits meanwhile', async () => {
  const { clock, asked, alone, read, readNow } = await setUpPlain();
  alone('a', 1);
  await clock.advance(patienceMs);
  const late = read('c');
  await settle();
  await clock.advance(patienceMs * 5);
  asked.at(-1)?.answer(1);
  assert.is(await late, '"c"');
  await clock.advance(patienceMs);
  alone('a', patienceMs * 6);
  alone('a', 1);
  assert.equal(await readNow(abc), rows(abc));
});

test('a shared statement that waited for its connection was as quick as it was from then on', async () => {
  const { clock, asked, pool, alone, read, readNow } = await setUpPlain();
  alone('a', 1);
  pool.busy = true;
  const late = read('c');
  await settle();
  await clock.advance(patienceMs * 2);
  pool.waiting[0]?.begin();
  await settle();
  asked.at(-1)?.answer(1);
  assert.is(await late, '"c"');
  pool.busy = false;
  await clock.advance(patienceMs + 1);
  alone('a', patienceMs + 1);
  alone('a', 1);
  assert.equal(await readNow(abc), ['slow', '"b"', '"c"']);
});

test('who turned out slow while waiting for a shared statement does not get into one', async () => {
  const { alone, asked, readAll } = await setUpPlain();
  const reading = Promise.all(readAll(abc));
  alone('c', 1, 'refused');
  await settle();
  assert.equal(asked[0]?.tenants, ['a', 'b']);
  asked[0]?.answer();
  assert.equal(await reading, ['"a"', '"b"', 'retried']);
});

test('who waits for a connection in vain is told so, and the text does not rest', async () => {
  const { clock, asked, pool, readAll, readNow } = await setUpPlain();
  pool.busy = true;
  const late = Promise.all(readAll(abc));
  await settle();
  await clock.advance(patienceMs * 2);
  pool.waiting[0]?.begin();
  await settle();
  asked[0]?.answer();
  assert.equal(await late, rows(abc));
  const inVain = Promise.all(readAll(abc));
  await settle();
  pool.waiting[1]?.turnAway();
  assert.equal(await inVain, each('overloaded'));
  pool.busy = false;
  assert.equal(await readNow(abc), rows(abc));
});

/** Each in a turn of its own. */
const inTurns = async (read: (tenant: string) => Promise<string>) => {
  const readings: Promise<string>[] = [];
  for (const tenant of abc) {
    readings.push(read(tenant));
    await settle();
  }
  return readings;
};

test('with nothing left of the pool for shared statements the next one waits; whom they turn away reads alone', async () => {
  const { asked, read } = await setUpPlain({ slots: 1, waiters: 1 });
  const readings = await inTurns(read);
  assert.is(asked.length, 1);
  asked[0]?.answer();
  await settle();
  asked[1]?.answer();
  assert.equal(await Promise.all(readings), ['"a"', '"b"', 'retried']);
});

test('what waits for its turn while the text begins to rest does not begin', async () => {
  const { asked, read } = await setUpPlain({ slots: 1 });
  const readings = await inTurns(read);
  asked[0]?.refuse('57014');
  assert.equal(await Promise.all(readings), each('retried'));
  assert.is(asked.length, 1);
});

test('rows that take PostgreSQL long are read alone, and tried together again later', async () => {
  const { clock, readNow } = await setUpPlain();
  let tries = 0;
  for (; tries < 1_000; tries += 1) {
    const [outcome] = await readNow(abc, ({ answer }) => answer(patienceMs / 2));
    if (outcome === 'slow') break;
  }
  assert.ok(tries > 50 && tries < 1_000, `${tries} tries`);
  assert.equal(await readNow(abc), each('resting'));
  await clock.advance(restOfHeavyMs);
  // The plan that was seen is too old by now.
  await readNow(abc);
  assert.equal(await readNow(abc), rows(abc));
});

test('each waits no longer than its own deadline', async () => {
  const { clock, asked, read } = await setUpPlain();
  const [short, long] = [read('a', { budgetMs: 10 }), read('b')];
  await settle();
  assert.ok(Number(asked[0]?.deadline) > clock.now() + 10, 'the longest bounds the statement');
  await settle();
  await clock.advance(10);
  assert.is(await short, 'deadline_exceeded');
  asked[0]?.answer();
  assert.is(await long, '"b"');
});

test.run();
