/**
 * The caller's 32 KB: an answer is never longer, names what it left out, and asking for that delivers every row once.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareDatabase } from '../services/database.ts';
import { type Answer, startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';

const answerBytesMax = 32_768;
const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
/** A key `name:n` has a row with n characters; any other key has none. */
const sized = {
  name: 'sized',
  input: [{ name: 'keys', type: 'String', list: true }],
  lookup: {
    statement: `SELECT k AS id, repeat(CASE WHEN k LIKE 'wide%' THEN '€' ELSE 'x' END, split_part(k, ':', 2)::int) AS pad
      FROM unnest($2) AS k WHERE $1 <> '' AND k LIKE '%:%'`,
    parameters: ['tenant_id', 'keys'],
    keys: 'keys',
    keyColumn: 'id',
    output: 'rows',
  },
};
const handler = await startHandler({ DATABASE_URL: database.url }, [
  {
    tenantId: 'acme',
    spec: { actions: [sized], limits: { batchSize: 500, requestsPerSecond: 10_000, burst: 10_000 } },
  },
]);
await handler.ready();

interface Output {
  readonly rows: readonly { readonly id: string }[];
  readonly count: number;
  readonly missing: readonly string[];
  readonly more: readonly string[];
  readonly tooLarge: readonly string[];
}

const strings = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

const outputOf = (answer: Answer): Output => {
  assert.is(answer.status, 200, answer.text);
  assert.ok(Buffer.byteLength(answer.text) <= answerBytesMax, `${Buffer.byteLength(answer.text)} bytes`);
  assert.is(Number(answer.headers['content-length']), Buffer.byteLength(answer.text));
  const output = new Map(Object.entries(answer.json.output ?? {}));
  for (const name of ['missing', 'more', 'tooLarge']) assert.not.equal(output.get(name), [], `${name} is left out`);
  const rows: unknown = output.get('rows');
  return {
    rows: Array.isArray(rows) ? rows : [],
    count: Number(output.get('count')),
    missing: strings(output.get('missing')),
    more: strings(output.get('more')),
    tooLarge: strings(output.get('tooLarge')),
  };
};

const ask = async (keys: readonly string[]): Promise<Output> =>
  outputOf(await handler.ask('acme', { keys }, { action: 'sized' }));

/** What a whole answer with this one row needs beside its padding. */
const frameOf = async (name: string): Promise<number> => {
  const key = `${name}:10000`;
  const answer = await handler.ask('acme', { keys: [key] }, { action: 'sized' });
  outputOf(answer);
  return Buffer.byteLength(answer.text) - (name.startsWith('wide') ? 30_000 : 10_000);
};

test('a row that fills the answer to its last byte is delivered, one byte more is too large', async () => {
  const room = answerBytesMax - (await frameOf('a'));
  const answer = await handler.ask('acme', { keys: [`a:${room}`] }, { action: 'sized' });
  assert.is(outputOf(answer).count, 1);
  assert.is(Buffer.byteLength(answer.text), answerBytesMax);
  const beyond = await ask([`a:${room + 1}`]);
  assert.equal(beyond, { rows: [], count: 0, missing: [], more: [], tooLarge: [`a:${room + 1}`] });
});

test('bytes count, not characters', async () => {
  const room = Math.floor((answerBytesMax - (await frameOf('wide'))) / 3);
  assert.is((await ask([`wide:${room}`])).count, 1);
  assert.equal((await ask([`wide:${room + 1}`])).tooLarge, [`wide:${room + 1}`]);
});

test('two rows that fill the answer to its last byte are both delivered, with one byte more one of them waits', async () => {
  const one = await handler.ask('acme', { keys: ['a:10000', 'b:10000'] }, { action: 'sized' });
  const room = answerBytesMax - (Buffer.byteLength(one.text) - 10_000);
  const whole = await handler.ask('acme', { keys: ['a:10000', `b:${room}`] }, { action: 'sized' });
  assert.is(Buffer.byteLength(whole.text), answerBytesMax);
  assert.is(outputOf(whole).count, 2);
  const beyond = await ask(['a:10000', `b:${room + 1}`]);
  assert.equal([beyond.count, beyond.more], [1, [`b:${room + 1}`]]);
});

test('a client that asks for `more` until there is none gets every row exactly once, in order', async () => {
  const sizes = [10, 5_000, 31_000, 1, 20_000, 32_000, 40_000, 100];
  const keys = Array.from({ length: 300 }, (_, n) => (n % 7 === 3 ? `none-${n}` : `k${n}:${sizes[n % sizes.length]}`));
  const rows: string[] = [];
  const missing: string[] = [];
  const tooLarge: string[] = [];
  let asked: readonly string[] = keys;
  for (let round = 0; asked.length > 0; round += 1) {
    assert.ok(round < keys.length, 'it comes to an end');
    const output = await ask(asked);
    const named = [...output.rows.map(({ id }) => id), ...output.missing, ...output.more, ...output.tooLarge];
    assert.equal([...named].sort(), [...asked].sort(), 'every key stands in the answer once');
    const place = new Map(asked.map((key, at) => [key, at]));
    for (const part of [output.rows.map(({ id }) => id), output.missing, output.more])
      assert.equal(
        part,
        [...part].sort((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0)),
        'in the order asked for',
      );
    assert.is(output.count, output.rows.length);
    rows.push(...output.rows.map(({ id }) => id));
    missing.push(...output.missing);
    tooLarge.push(...output.tooLarge);
    asked = output.more;
  }
  const sizeOf = (key: string) => Number(key.split(':')[1]);
  assert.equal([...missing].sort(), keys.filter((key) => key.startsWith('none')).sort());
  assert.equal([...tooLarge].sort(), keys.filter((key) => sizeOf(key) === 40_000).sort());
  assert.equal([...rows].sort(), keys.filter((key) => sizeOf(key) < 40_000).sort());
});

test('500 keys of which none has a row still fit', async () => {
  assert.is((await ask(Array.from({ length: 500 }, (_, n) => `nothing-with-a-longer-name-${n}`))).missing.length, 500);
});

test('keys that would not fit an answer by themselves are refused', async () => {
  const keys = Array.from({ length: 33 }, (_, n) => `${n}`.padEnd(1_000, 'x'));
  const refused = await handler.ask('acme', { keys }, { action: 'sized' });
  assertProblem(refused, 400, 'invalid_request');
  assert.is((await ask(keys.slice(0, 32))).missing.length, 32);
  const control = Array.from({ length: 10 }, (_, n) => `${n}`.padEnd(1_000, '\u0001'));
  assertProblem(await handler.ask('acme', { keys: control }, { action: 'sized' }), 400, 'invalid_request');
});

test.after(() => handler.stop());
test.run();
