import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AnswerItem, shape } from '../../test/services/answer-items.ts';
import { requestLimits } from '../process/limits.ts';
import { keysFitAnswer } from './answer.ts';

const bytesMax = requestLimits.answerBytesMax;
const bytesOf = (text: string): number => Buffer.byteLength(text);

const row = (key: string, pad = 0, character = 'x'): AnswerItem => ({
  key: JSON.stringify(key),
  row: JSON.stringify({ id: key, pad: character.repeat(pad) }),
});
const none = (key: string): AnswerItem => ({ key: JSON.stringify(key), row: null });

const output = (text: string): Record<string, unknown> => JSON.parse(text).output;

/** A row that makes the answer exactly `bytes` long, given what else is in it. */
const filling = (bytes: number, others: readonly AnswerItem[] = [], character = 'x'): AnswerItem => {
  const empty = bytesOf(shape('rows', [row('last'), ...others]));
  assert.is((bytes - empty) % bytesOf(character), 0);
  return row('last', (bytes - empty) / bytesOf(character), character);
};

test('rows stand in the order asked for, with their count; empty lists are left out', () => {
  assert.is(
    shape('customers', [row('b'), row('a')]),
    '{"output":{"customers":[{"id":"b","pad":""},{"id":"a","pad":""}],"count":2}}',
  );
  assert.is(shape('customers', []), '{"output":{"customers":[],"count":0}}');
});

test('keys without a row are missing, in order, and are no error', () => {
  assert.equal(output(shape('rows', [none('z'), row('a'), none('b')])), {
    rows: [{ id: 'a', pad: '' }],
    count: 1,
    missing: ['z', 'b'],
  });
});

test('stale stands only in stale answers', () => {
  assert.equal(output(shape('rows', [row('a')], { stale: true })), {
    rows: [{ id: 'a', pad: '' }],
    count: 1,
    stale: true,
  });
  assert.not('stale' in output(shape('rows', [row('a')], { stale: false })));
});

test('keys stay what they were: integers beyond a double keep their digits', () => {
  assert.is(
    shape('rows', [{ key: '9223372036854775807', row: null }]),
    '{"output":{"rows":[],"count":0,"missing":[9223372036854775807]}}',
  );
});

test('the bound is the caller’s 32 KB', () => assert.is(bytesMax, 32_768));

for (const character of ['x', '"', '\u0001', 'é', '€', '🎈']) {
  const step = bytesOf(JSON.stringify(character)) - 2;
  test(`a row of ${JSON.stringify(character)} that fills the answer to the last byte is delivered`, () => {
    const empty = bytesOf(shape('rows', [row('last')]));
    const slack = (bytesMax - empty) % step;
    const item = row('last', (bytesMax - empty - slack) / step, character);
    const text = shape('rows', [item]);
    assert.is(bytesOf(text), bytesMax - slack);
    assert.is(output(text).count, 1);
    const beyond = row('last', (bytesMax - empty - slack) / step + 1, character);
    assert.equal(output(shape('rows', [beyond])), { rows: [], count: 0, tooLarge: ['last'] });
  });
}

test('two rows that fill the answer to the last byte are both delivered; one byte more and the second is in more', () => {
  const others = [row('first', 10_000)];
  const exact = shape('rows', [...others, filling(bytesMax, others)]);
  assert.is(bytesOf(exact), bytesMax);
  assert.is(output(exact).count, 2);
  const over = output(shape('rows', [...others, filling(bytesMax + 1, others)]));
  assert.is(over.count, 1);
  assert.equal(over.more, ['last']);
});

test('a long row makes no room by pushing out the short ones behind it', () => {
  const answer = output(shape('rows', [row('a', 20_000), row('b', 20_000), row('c', 100), none('d')]));
  assert.equal(answer.more, ['b']);
  assert.equal(answer.missing, ['d']);
  assert.equal(
    (answer.rows as { id: string }[]).map(({ id }) => id),
    ['a', 'c'],
  );
});

test('a row that fits alone to the last byte, but not here, is in more and not too large', () => {
  const answer = output(shape('rows', [row('first'), filling(bytesMax)]));
  assert.is(answer.count, 1);
  assert.equal(answer.more, ['last']);
  assert.not('tooLarge' in answer);
});

test('a row that could never fit is named in tooLarge, the others are delivered', () => {
  const answer = output(shape('rows', [row('a', 40_000), row('b', 100)]));
  assert.equal(answer.tooLarge, ['a']);
  assert.is(answer.count, 1);
  assert.not('more' in answer);
});

test('where no row fits beside the names of the others, one is settled, so that asking again gets on', () => {
  const items = Array.from({ length: 500 }, (_, index) => row(`${index}`.padStart(36, '0'), 20_000));
  const answer = output(shape('rows', items));
  assert.is(answer.count, 0);
  assert.is((answer.more as string[]).length, 499);
  assert.is((answer.tooLarge as string[]).length, 1);
});

test('keys fit while an answer of their names alone does, and not beyond', () => {
  const keys = Array.from({ length: 500 }, (_, index) => JSON.stringify(`${index}`.padStart(58, '0')));
  assert.ok(keysFitAnswer('rows', keys));
  assert.not(keysFitAnswer('rows', [...keys, JSON.stringify('k'.repeat(2_500))]));
  const need = 100 + keys.reduce((sum, key) => sum + key.length + 1, 0);
  assert.ok(keysFitAnswer('rows', keys, need));
  assert.not(keysFitAnswer('rows', keys, need - 100));
});

test('where keys only just fit, so does every answer to them', () => {
  const keys = Array.from({ length: 500 }, (_, index) => JSON.stringify(`${index}`.padStart(40, '0')));
  let least = 20_000;
  while (!keysFitAnswer('rows', keys, least)) least += 1;
  for (const rows of [null, '{}', JSON.stringify('x'.repeat(60)), JSON.stringify('x'.repeat(least))]) {
    for (const stale of [false, true]) {
      const mixed = keys.map((key, index) => ({ key, row: index % 2 ? rows : null }));
      const same = keys.map((key) => ({ key, row: rows }));
      for (const items of [mixed, same]) assert.ok(bytesOf(shape('rows', items, { stale, bytesMax: least })) <= least);
    }
  }
});

test('500 UUIDs fit, as the largest batch promises', () => {
  const keys = Array.from({ length: requestLimits.batchSizeMax }, () => `"${crypto.randomUUID()}"`);
  assert.ok(keysFitAnswer('an_output_name_of_the_longest_kind_there_is_that_is_63_letters_', keys));
});

test.run();
