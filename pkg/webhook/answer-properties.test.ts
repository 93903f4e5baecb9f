import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AnswerItem, shape } from '../../test/services/answer-items.ts';
import { requestLimits } from '../process/limits.ts';
import { keysFitAnswer } from './answer.ts';

interface Output {
  readonly rows: readonly { readonly id: string }[];
  readonly count: number;
  readonly missing?: readonly string[];
  readonly more?: readonly string[];
  readonly tooLarge?: readonly string[];
  readonly stale?: boolean;
}

/** Characters of one to four bytes, and of two to six when escaped. */
const text = (max: number) =>
  fc.string({
    unit: fc.constantFrom('a', 'é', '€', '🎈', '"', '\\', '\n', '\u0000', '\u2028', '\uFFFD'),
    maxLength: max,
  });

/** Lengths around what matters: nothing, a key, a part of the budget, all of it, beyond. */
const padding = (bytesMax: number) =>
  fc.oneof(
    fc.nat(20),
    fc.nat(Math.floor(bytesMax / 4)),
    fc.integer({ min: bytesMax - 120, max: bytesMax }),
    fc.integer({ min: bytesMax, max: bytesMax * 3 }),
  );

const itemsWithin = (bytesMax: number): fc.Arbitrary<readonly AnswerItem[]> =>
  fc
    .uniqueArray(fc.record({ id: text(12), pad: fc.option(fc.tuple(padding(bytesMax), text(6))) }), {
      selector: ({ id }) => id,
      maxLength: 40,
    })
    .map((entries) =>
      entries.map(({ id, pad }) => ({
        key: JSON.stringify(id),
        row: pad === null ? null : JSON.stringify({ id, text: pad[1], pad: 'x'.repeat(pad[0]) }),
      })),
    )
    .filter((items) =>
      keysFitAnswer(
        'rows',
        items.map(({ key }) => key),
        bytesMax,
      ),
    );

const cases = fc
  .oneof(fc.constantFrom(requestLimits.answerBytesMax, 2_000), fc.integer({ min: 400, max: 4_000 }))
  .chain((bytesMax) =>
    fc.record({ bytesMax: fc.constant(bytesMax), stale: fc.boolean(), items: itemsWithin(bytesMax) }),
  );

const outputOf = (answer: string): Output => JSON.parse(answer).output;
const idOf = ({ key }: AnswerItem): string => JSON.parse(key);

const places = ({ rows, missing = [], more = [], tooLarge = [] }: Output) => ({
  rows: rows.map(({ id }) => id),
  missing,
  more,
  tooLarge,
});

test('an answer never has more bytes than the caller takes', () => {
  fc.assert(
    fc.property(cases, ({ items, bytesMax, stale }) => {
      assert.ok(Buffer.byteLength(shape('rows', items, { bytesMax, stale })) <= bytesMax);
    }),
    { numRuns: 500 },
  );
});

test('every key asked for stands in exactly one place, each place in the order asked for', () => {
  fc.assert(
    fc.property(cases, ({ items, bytesMax, stale }) => {
      const output = outputOf(shape('rows', items, { bytesMax, stale }));
      const lists = places(output);
      assert.equal(Object.values(lists).flat().sort(), items.map(idOf).sort());
      const order = new Map(items.map((item, index) => [idOf(item), index]));
      const ascends = (ids: readonly string[]) =>
        ids.every((id, index) => index === 0 || (order.get(ids[index - 1] ?? '') ?? 0) < (order.get(id) ?? 0));
      for (const [name, ids] of Object.entries(lists)) assert.ok(ascends(ids), name);
      assert.is(output.count, output.rows.length);
      assert.is(output.stale ?? false, stale);
    }),
    { numRuns: 500 },
  );
});

test('keys are missing exactly when they have no row, and rows are what was read', () => {
  fc.assert(
    fc.property(cases, ({ items, bytesMax }) => {
      const output = outputOf(shape('rows', items, { bytesMax }));
      assert.equal(output.missing ?? [], items.filter(({ row }) => row === null).map(idOf));
      const read = new Map(items.map((item) => [idOf(item), item.row]));
      for (const row of output.rows) assert.is(JSON.stringify(row), read.get(row.id));
    }),
    { numRuns: 300 },
  );
});

test('an answer that fits whole is given whole', () => {
  fc.assert(
    fc.property(cases, ({ items, bytesMax, stale }) => {
      const whole = shape('rows', items, { bytesMax: Number.MAX_SAFE_INTEGER, stale });
      if (Buffer.byteLength(whole) <= bytesMax) assert.is(shape('rows', items, { bytesMax, stale }), whole);
    }),
    { numRuns: 300 },
  );
});

/** What a script does: asks for `more` until there is none, then once for each key that was too large, by itself. */
const askUntilDone = (items: readonly AnswerItem[], bytesMax: number): ReadonlyMap<string, number> => {
  const delivered = new Map<string, number>();
  const ask = (wanted: readonly AnswerItem[]): Output => {
    const output = outputOf(shape('rows', wanted, { bytesMax }));
    for (const { id } of output.rows) delivered.set(id, (delivered.get(id) ?? 0) + 1);
    return output;
  };
  const tooLarge = new Set<string>();
  let wanted = items;
  for (let rounds = 0; wanted.length > 0; rounds++) {
    assert.ok(rounds < items.length, 'asking again gets on');
    const output = ask(wanted);
    for (const id of output.tooLarge ?? []) tooLarge.add(id);
    wanted = wanted.filter((item) => output.more?.includes(idOf(item)));
  }
  for (const item of items) if (tooLarge.has(idOf(item))) ask([item]);
  return delivered;
};

test('asking again ends, and delivers every row that fits an answer alone exactly once', () => {
  fc.assert(
    fc.property(cases, ({ items, bytesMax }) => {
      const fitsAlone = (item: AnswerItem) =>
        item.row !== null && Buffer.byteLength(`{"output":{"rows":[${item.row}],"count":1}}`) <= bytesMax;
      const expected = items.filter(fitsAlone).map((item) => [idOf(item), 1]);
      assert.equal([...askUntilDone(items, bytesMax)].sort(), expected.sort());
    }),
    { numRuns: 500 },
  );
});

test('a row that fits beside all the names asked for is never called too large', () => {
  fc.assert(
    fc.property(cases, ({ items, bytesMax }) => {
      const output = outputOf(shape('rows', items, { bytesMax }));
      const names = items.reduce((sum, { key }) => sum + Buffer.byteLength(key) + 1, 120);
      for (const item of items) {
        const fits = item.row !== null && Buffer.byteLength(item.row) + names <= bytesMax;
        if (fits) assert.not(output.tooLarge?.includes(idOf(item)));
      }
    }),
    { numRuns: 300 },
  );
});

test.run();
