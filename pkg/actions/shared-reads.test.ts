/** A database that answers when the test lets it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError, isAppError } from '../errors/app-error.ts';
import type { Database } from '../postgres/database.ts';
import { compileLookup, type KeyedRow } from '../postgres/lookup-statement.ts';
import { sharedReadLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import { createSlots } from '../resilience/slots.ts';
import { createSharedReads, type Reading } from './shared-reads.ts';

const { patienceMs, inFlightMax, aloneAfterSlowMs, restMsMin, restOfHeavyMs, readingKeysMax } = sharedReadLimits;
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Asked {
  /** Undefined: of one reading alone. */
  readonly readings: number | undefined;
  answer(): void;
  fail(error: Error): void;
}

const plain = 'SELECT id FROM numbers WHERE tenant_id = $1 AND id = ANY($2)';

const plainPlan = [{ 'QUERY PLAN': 'InitPlan 1' }, { 'QUERY PLAN': 'InitPlan 2' }];

const setUp = ({ text = plain, slots = 10, waiters = 100 } = {}) => {
  const clock = createManualClock();
  const lookup = compileLookup({ text, types: ['text', 'text[]'], keyColumn: 'id' });
  const asked: Asked[] = [];
  /** None is free: statements wait for a connection, and begin later. */
  const pool = { busy: false, waiting: [] as (() => void)[] };
  const query: Database['query'] = (statement, values, _deadline, onStart = () => {}) => {
    if (statement.text.startsWith('EXPLAIN')) return Promise.resolve(plainPlan);
    const { promise, resolve, reject } = Promise.withResolvers<readonly unknown[]>();
    const together = statement.name === lookup.together()?.name;
    const tenants = (values[0] ?? '').replace(/[{}]/g, '').split(',');
    const row = (tenant: string) => ({ key: tenant, row: `"${tenant}"` });
    asked.push({
      readings: together ? tenants.length : undefined,
      answer: () => resolve(tenants.map((tenant, n) => (together ? { ...row(tenant), n: n + 1 } : row(tenant)))),
      fail: reject,
    });
    if (pool.busy) pool.waiting.push(onStart);
    else onStart();
    return promise;
  };
  const database = { query } as unknown as Database;
  const batches: number[] = [];
  const poolShare = createSlots({ clock, slots, queueMax: waiters });
  const results: string[] = [];
  const hooks = {
    onBatch: (requests: number) => void batches.push(requests),
    onReading: (result: string) => void results.push(result),
  };
  const reads = createSharedReads({ database, clock, poolShare, hooks });
  const read = (tenant: string, more: Partial<Reading> = {}): Promise<string> =>
    reads
      .read({
        ...{
          scope: tenant,
          lookup,
          values: [tenant, '{}'],
          keys: 1,
          requests: 2,
          deadline: createDeadline(clock, 10_000),
        },
        ...more,
      })
      .then(
        (rows: readonly KeyedRow[]) => rows.map(({ row }) => row).join(),
        (error: unknown) => (isAppError(error) ? error.code : String(error)),
      );
  /** Each in a turn of its own. @returns their outcomes, which nobody has waited for */
  const readInTurns = async (tenants: readonly string[]) => {
    const readings: Promise<string>[] = [];
    for (const tenant of tenants) {
      readings.push(read(tenant));
      await settle();
    }
    return readings;
  };
  /** @returns what was asked of the database meanwhile, all of it answered */
  const answerAll = async (from = 0): Promise<readonly (number | undefined)[]> => {
    await settle();
    for (let at = from; at < asked.length; at += 1) {
      asked[at]?.answer();
      await settle();
    }
    return asked.slice(from).map(({ readings }) => readings);
  };
  /** Reads all of them in one turn, answered at once. @returns how many were in each statement */
  const readAll = async (tenants: readonly string[], more?: Partial<Reading>) => {
    const from = asked.length;
    const reading = Promise.all(tenants.map((tenant) => read(tenant, more)));
    const statements = await answerAll(from);
    assert.equal(
      await reading,
      tenants.map((tenant) => `"${tenant}"`),
    );
    return statements;
  };
  return { clock, asked, batches, results, pool, read, readInTurns, readAll, answerAll };
};

const alone = undefined;
const abc = ['a', 'b', 'c'];

test('nobody shares before a statement was seen to be quick; then all of one turn do, each with its own rows', async () => {
  const { readAll, batches, results } = setUp();
  assert.equal(await readAll(abc), [alone, alone, alone]);
  assert.equal(await readAll(abc), [3]);
  assert.equal(results, ['unknown', 'unknown', 'unknown', 'shared', 'shared', 'shared']);
  assert.equal(batches, [2, 2, 2, 6], 'requests of each statement');
});

test('who asks for many keys reads alone, and so do not the others', async () => {
  const { readAll, results } = setUp();
  await readAll(abc);
  assert.equal(await readAll(['a', 'b'], { keys: readingKeysMax + 1 }), [alone, alone]);
  assert.equal(results.slice(3), ['large', 'large']);
  assert.equal(await readAll(abc, { keys: readingKeysMax }), [3]);
});

test('so many statements are under way, and what comes meanwhile forms the next', async () => {
  const { read, readAll, asked, answerAll } = setUp();
  await readAll(['a']);
  const readings = [];
  for (let n = 0; n < inFlightMax + 2; n += 1) {
    readings.push(read(`t${n}`));
    await settle();
  }
  assert.is(asked.length, 1 + inFlightMax);
  assert.equal(await answerAll(1), [...Array(inFlightMax).fill(1), 2]);
  assert.equal(
    await Promise.all(readings),
    readings.map((_, n) => `"t${n}"`),
  );
});

test('a statement that is slow is not waited for: each reads alone, and the text rests', async () => {
  const { clock, asked, results, read, readAll } = setUp();
  await readAll(abc);
  const from = asked.length;
  const readings = abc.map((tenant) => read(tenant));
  await settle();
  await clock.advance(patienceMs);
  assert.equal(
    asked.slice(from).map(({ readings }) => readings),
    [3, alone, alone, alone],
  );
  // Those of a and b are quick, that of c is not.
  for (const place of [1, 2]) asked[from + place]?.answer();
  assert.equal(await Promise.all(readings.slice(0, 2)), ['"a"', '"b"']);
  assert.equal(await readAll(['a', 'b']), [alone, alone]);
  await clock.advance(restMsMin);
  asked[from + 3]?.answer();
  assert.is(await readings[2], '"c"');
  // Nobody waits for it any more.
  asked[from]?.fail(new AppError('database_unavailable'));
  assert.equal(await readAll(abc), [alone, 2], 'c alone');
  const rested = ['retried', 'retried', 'retried', 'resting', 'resting'];
  assert.equal(results.slice(3), [...rested, 'slow', 'shared', 'shared']);
  await clock.advance(aloneAfterSlowMs);
  assert.equal(await readAll(abc), [3]);
});

test('who is slow alone does not share for a while', async () => {
  const { clock, asked, read, readAll } = setUp();
  await readAll(abc);
  await readAll(['a'], { keys: 1_000 });
  const slow = read('a', { keys: 1_000 });
  await settle();
  await clock.advance(patienceMs + 1);
  asked.at(-1)?.fail(new AppError('deadline_exceeded'));
  await slow;
  await clock.advance(aloneAfterSlowMs - 1);
  const reading = read('a');
  await settle();
  assert.is(asked.at(-1)?.readings, alone, 'not yet');
  await clock.advance(1);
  assert.equal(await readAll(['b', 'c', 'a']), [3]);
  asked.at(-2)?.answer();
  await reading;
});

test('who turned out slow while waiting for a shared statement does not get into one', async () => {
  const { clock, asked, read, readAll, answerAll } = setUp();
  await readAll(abc);
  const from = asked.length;
  const slow = read('c', { keys: 1_000 });
  await settle();
  const held = Array.from({ length: inFlightMax }, () => read('a'));
  const others = [];
  for (const reading of held) {
    others.push(reading);
    await settle();
  }
  const waiting = [read('b'), read('c')];
  await settle();
  await clock.advance(patienceMs + 1);
  asked[from]?.answer();
  await answerAll(from + 1);
  assert.equal(await Promise.all([slow, ...others, ...waiting]), ['"c"', ...held.map(() => '"a"'), '"b"', '"c"']);
});

test('where a shared statement fails, whatever the reason, each is read alone, and the one at fault fails', async () => {
  for (const code of ['statement_failed', 'database_unavailable', 'deadline_exceeded'] as const) {
    const { clock, asked, read, readAll } = setUp();
    await readAll(abc);
    const from = asked.length;
    const readings = abc.map((tenant) => read(tenant));
    await settle();
    asked[from]?.fail(new AppError(code));
    await settle();
    asked[from + 1]?.answer();
    asked[from + 2]?.fail(new AppError(code));
    asked[from + 3]?.answer();
    assert.equal(await Promise.all(readings), ['"a"', code, '"c"']);
    assert.equal(await readAll(abc), [alone, alone, alone], 'the text rests');
    await clock.advance(restMsMin);
    assert.equal(await readAll(abc), code === 'statement_failed' ? [alone, 2] : [3], 'without the one at fault');
    await clock.advance(aloneAfterSlowMs);
    assert.equal(await readAll(abc), [3]);
  }
});

test('while the database is away a text rests no longer each time', async () => {
  const { clock, asked, read, readAll } = setUp();
  await readAll(abc);
  for (let n = 0; n < 10; n += 1) {
    const from = asked.length;
    const readings = abc.map((tenant) => read(tenant));
    await settle();
    assert.is(asked[from]?.readings, 3);
    for (let at = from; at < asked.length; at += 1) {
      asked[at]?.fail(new AppError('database_unavailable'));
      await settle();
    }
    await Promise.all(readings);
    await clock.advance(restMsMin);
  }
  assert.equal(await readAll(abc), [3]);
});

test('a text that fails again and again rests longer each time', async () => {
  const { clock, asked, read, readAll } = setUp();
  await readAll(abc);
  for (const restMs of [restMsMin, restMsMin * 2, restMsMin * 4]) {
    const from = asked.length;
    const readings = abc.map((tenant) => read(tenant));
    await settle();
    asked[from]?.fail(new AppError('statement_failed'));
    await settle();
    for (const each of asked.slice(from + 1)) each.answer();
    await Promise.all(readings);
    await clock.advance(restMs - 1);
    assert.equal(await readAll(abc), [alone, alone, alone]);
    await clock.advance(1);
  }
  assert.equal(await readAll(abc), [3]);
});

test('the wait for a connection is not PostgreSQL’s slowness, and ends with the last deadline', async () => {
  const { clock, asked, pool, read, readAll } = setUp();
  await readAll(abc);
  pool.busy = true;
  const from = asked.length;
  const readings = abc.map((tenant) => read(tenant));
  await settle();
  await clock.advance(patienceMs * 2);
  for (const begin of pool.waiting) begin();
  asked[from]?.answer();
  assert.equal(await Promise.all(readings), ['"a"', '"b"', '"c"']);
  const inVain = abc.map((tenant) => read(tenant));
  await settle();
  asked.at(-1)?.fail(new AppError('overloaded'));
  assert.equal(
    await Promise.all(inVain),
    abc.map(() => 'overloaded'),
  );
  pool.busy = false;
  assert.equal(await readAll(abc), [3], 'the text does not rest');
});

test('with nothing left of the pool for shared statements the next one waits', async () => {
  const { asked, read, readAll, answerAll } = setUp({ slots: 1 });
  await readAll(abc);
  const from = asked.length;
  const readings = [read('a')];
  await settle();
  readings.push(read('b'));
  await settle();
  assert.is(asked.length, from + 1);
  assert.equal(await answerAll(from), [1, 1]);
  assert.equal(await Promise.all(readings), ['"a"', '"b"']);
});

test('while statements go on that nobody waits for, nobody shares', async () => {
  const { clock, asked, read, readAll } = setUp({ slots: 1 });
  await readAll(abc);
  const late = [];
  for (const restMs of [restMsMin, restMsMin * 2]) {
    const from = asked.length;
    const readings = abc.map((tenant) => read(tenant));
    await settle();
    late.push(asked[from]);
    await clock.advance(patienceMs);
    for (const each of asked.slice(from + 1)) each.answer();
    await Promise.all(readings);
    await clock.advance(restMs);
  }
  assert.equal(
    late.map((each) => each?.readings),
    [3, 3],
  );
  assert.equal(await readAll(abc), [alone, alone, alone]);
  late[0]?.answer();
  await settle();
  assert.equal(await readAll(abc), [3]);
});

test('what waits for its turn behind statements that are given up does not begin', async () => {
  const { clock, asked, readInTurns, readAll } = setUp({ slots: 1 });
  await readAll(abc);
  const from = asked.length;
  const readings = await readInTurns(abc);
  assert.is(asked.length, from + 1, 'two wait');
  await clock.advance(patienceMs);
  assert.equal(
    asked.slice(from).map(({ readings }) => readings),
    [1, alone, alone, alone],
  );
  for (const each of asked.slice(from)) each.answer();
  assert.equal(await Promise.all(readings), ['"a"', '"b"', '"c"']);
});

test('whom the statements that share turn away reads alone', async () => {
  const { asked, readInTurns, readAll, answerAll } = setUp({ slots: 1, waiters: 1 });
  await readAll(abc);
  const from = asked.length;
  const readings = await readInTurns(abc);
  assert.equal(await answerAll(from), [1, alone, 1]);
  assert.equal(await Promise.all(readings), ['"a"', '"b"', '"c"']);
});

test('what is not plain is never shared', async () => {
  const { readAll, results } = setUp({ text: `${plain} AND now() > '2026-01-01'` });
  await readAll(abc);
  assert.equal(await readAll(abc), [alone, alone, alone]);
  assert.equal(new Set(results), new Set(['not_plain']));
});

test('rows that take PostgreSQL long are read alone, and tried together again later', async () => {
  const { clock, asked, results, read, readAll } = setUp();
  await readAll(abc);
  let tries = 0;
  for (; tries < 1_000; tries += 1) {
    const from = asked.length;
    const readings = abc.map((tenant) => read(tenant));
    await settle();
    if (asked[from]?.readings === alone) {
      for (const each of asked.slice(from)) each.answer();
      await Promise.all(readings);
      assert.equal(results.slice(-3), ['slow', 'resting', 'resting']);
      break;
    }
    await clock.advance(patienceMs / 2);
    for (const each of asked.slice(from)) each.answer();
    await settle();
    for (const each of asked.slice(from)) each.answer();
    await Promise.all(readings);
  }
  assert.ok(tries > 50 && tries < 1_000, `${tries} tries`);
  await clock.advance(restOfHeavyMs);
  assert.equal(await readAll(abc), [3]);
});

test('each waits no longer than its own deadline, and what a tenant reads alone counts in its share', async () => {
  const { clock, asked, read, readAll } = setUp();
  const share = createSlots({ clock, slots: 1, queueMax: 10 });
  const first = [read('a', { share }), read('a', { share })];
  await settle();
  assert.is(asked.length, 1, 'one slot');
  asked[0]?.answer();
  await settle();
  asked[1]?.answer();
  await Promise.all(first);
  const short = read('a', { deadline: createDeadline(clock, 10) });
  const long = read('b');
  await settle();
  await clock.advance(10);
  assert.is(await short, 'deadline_exceeded');
  asked[2]?.answer();
  assert.is(await long, '"b"');
  assert.equal(await readAll(['a']), [1]);
});

test.run();
