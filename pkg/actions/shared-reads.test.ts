/** A database that answers when the test lets it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError, isAppError } from '../errors/app-error.ts';
import type { Database } from '../postgres/database.ts';
import { compileLookup, type KeyedRow } from '../postgres/lookup-statement.ts';
import { databaseLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import { createSlots } from '../resilience/slots.ts';
import { createSharedReads, type Reading } from './shared-reads.ts';

const { sharedReadPatienceMs, sharedReadsInFlightMax, aloneAfterSlowMs, aloneAfterRefusalMs } = databaseLimits;
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Asked {
  /** Undefined: of one reading alone. */
  readonly readings: number | undefined;
  answer(): void;
  fail(error: Error): void;
}

const setUp = () => {
  const clock = createManualClock();
  const lookup = compileLookup({ text: '$1 $2', types: ['text', 'text[]'], keyColumn: 'id' });
  const asked: Asked[] = [];
  const query: Database['query'] = (statement, values) => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly unknown[]>();
    const together = statement.name === lookup.together().name;
    const tenants = (values[0] ?? '').replace(/[{}]/g, '').split(',');
    const row = (tenant: string) => ({ key: tenant, row: `"${tenant}"` });
    asked.push({
      readings: together ? tenants.length : undefined,
      answer: () => resolve(tenants.map((tenant, n) => (together ? { ...row(tenant), n: n + 1 } : row(tenant)))),
      fail: reject,
    });
    return promise;
  };
  const database = { query } as unknown as Database;
  const batches: number[] = [];
  const reads = createSharedReads({ database, clock, hooks: { onBatch: (requests) => void batches.push(requests) } });
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
  return { clock, asked, batches, read, readAll, answerAll };
};

const alone = undefined;
const abc = ['a', 'b', 'c'];

test('nobody shares before a statement was seen to be quick; then all of one turn do, each with its own rows', async () => {
  const { readAll, batches } = setUp();
  assert.equal(await readAll(abc), [alone, alone, alone]);
  assert.equal(await readAll(abc), [3]);
  assert.equal(batches, [2, 2, 2, 6], 'requests of each statement');
});

test('who asks for many keys reads alone, and so do not the others', async () => {
  const { readAll } = setUp();
  await readAll(abc);
  assert.equal(await readAll(['a', 'b'], { keys: databaseLimits.sharedReadingKeysMax + 1 }), [alone, alone]);
  assert.equal(await readAll(abc, { keys: databaseLimits.sharedReadingKeysMax }), [3]);
});

test('so many statements are under way, and what comes meanwhile forms the next', async () => {
  const { read, readAll, asked, answerAll } = setUp();
  await readAll(['a']);
  const readings = [];
  for (let n = 0; n < sharedReadsInFlightMax + 2; n += 1) {
    readings.push(read(`t${n}`));
    await settle();
  }
  assert.is(asked.length, 1 + sharedReadsInFlightMax);
  assert.equal(await answerAll(1), [...Array(sharedReadsInFlightMax).fill(1), 2]);
  assert.equal(
    await Promise.all(readings),
    readings.map((_, n) => `"t${n}"`),
  );
});

test('a statement that is slow is not waited for, and whoever was in it reads alone until that was quick', async () => {
  const { clock, asked, read, readAll } = setUp();
  await readAll(abc);
  const from = asked.length;
  const readings = abc.map((tenant) => read(tenant));
  await settle();
  await clock.advance(sharedReadPatienceMs);
  assert.equal(
    asked.slice(from).map(({ readings }) => readings),
    [3, alone, alone, alone],
  );
  // Those of a and b are quick, that of c is not.
  for (const place of [1, 2]) asked[from + place]?.answer();
  assert.equal(await Promise.all(readings.slice(0, 2)), ['"a"', '"b"']);
  await clock.advance(sharedReadPatienceMs + 1);
  asked[from + 3]?.answer();
  assert.is(await readings[2], '"c"');
  // Nobody waits for it any more.
  asked[from]?.answer();
  assert.equal(await readAll(abc), [alone, 2], 'c alone');
  assert.equal(await readAll(abc), [3], 'c was quick');
});

test('who is slow alone, or fails alone, shares again after a while', async () => {
  for (const end of ['answer', 'fail'] as const) {
    const { clock, asked, read, readAll } = setUp();
    const first = read('a');
    await settle();
    if (end === 'answer') await clock.advance(sharedReadPatienceMs + 1);
    asked[0]?.[end](new AppError('statement_failed'));
    await first;
    await readAll(['b']);
    await clock.advance(aloneAfterSlowMs - 1);
    const reading = read('a');
    await settle();
    assert.is(asked.at(-1)?.readings, alone, 'not yet');
    asked.at(-1)?.fail(new AppError('statement_failed'));
    await reading;
    await clock.advance(aloneAfterSlowMs);
    assert.equal(await readAll(['a', 'b']), [2]);
  }
});

test('where a statement fails that is shared, each is read alone, and the one at fault fails', async () => {
  const { asked, read, readAll } = setUp();
  await readAll(abc);
  const from = asked.length;
  const readings = abc.map((tenant) => read(tenant));
  await settle();
  asked[from]?.fail(new AppError('statement_failed'));
  await settle();
  asked[from + 1]?.answer();
  asked[from + 2]?.fail(new AppError('statement_failed'));
  asked[from + 3]?.answer();
  assert.equal(await Promise.all(readings), ['"a"', 'statement_failed', '"c"']);
  assert.equal(await readAll(['a', 'b', 'c']), [alone, 2]);
});

test('a text that PostgreSQL does not take for several readings is not tried again for long', async () => {
  const { clock, asked, read, readAll, answerAll } = setUp();
  await readAll(abc);
  const from = asked.length;
  const readings = abc.map((tenant) => read(tenant));
  await settle();
  const refusal = Object.assign(new Error('no'), { code: '42803' });
  asked[from]?.fail(new AppError('statement_failed', { cause: refusal }));
  await answerAll(from + 1);
  assert.equal(await Promise.all(readings), ['"a"', '"b"', '"c"']);
  assert.equal(await readAll(abc), [alone, alone, alone]);
  await clock.advance(aloneAfterRefusalMs);
  assert.equal(await readAll(abc), [3]);
});

test('without the database everyone is told so, and nobody asks again', async () => {
  const { asked, read, readAll } = setUp();
  await readAll(abc);
  const from = asked.length;
  const readings = abc.map((tenant) => read(tenant));
  await settle();
  asked[from]?.fail(new AppError('database_unavailable'));
  assert.equal(
    await Promise.all(readings),
    abc.map(() => 'database_unavailable'),
  );
  assert.is(asked.length, from + 1);
});

test('rows that take PostgreSQL long are read alone, and tried together again later', async () => {
  const { clock, asked, read, readAll } = setUp();
  await readAll(abc);
  let tries = 0;
  for (; tries < 1_000; tries += 1) {
    const from = asked.length;
    const readings = abc.map((tenant) => read(tenant));
    await settle();
    if (asked[from]?.readings === alone) {
      for (const each of asked.slice(from)) each.answer();
      await Promise.all(readings);
      break;
    }
    await clock.advance(sharedReadPatienceMs / 2);
    for (const each of asked.slice(from)) each.answer();
    await settle();
    for (const each of asked.slice(from)) each.answer();
    await Promise.all(readings);
  }
  assert.ok(tries > 50 && tries < 1_000, `${tries} tries`);
  await clock.advance(aloneAfterSlowMs);
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
