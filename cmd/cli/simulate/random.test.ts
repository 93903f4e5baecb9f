import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createRandom } from './random.ts';

const draw = (seed: number, size: number, count: number): readonly number[] => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.below(size));
};

test('a seed repeats its numbers; its neighbour has others', () => {
  assert.equal(draw(1, 1_000, 50), draw(1, 1_000, 50));
  for (const seed of [0, 1, 2, 4_294_967_294, 4_294_967_295]) {
    assert.not.equal(draw(seed, 1_000, 50), draw(seed + 1, 1_000, 50));
  }
});

test('numbers are whole, within bounds, and reach every place about as often', () => {
  const counts = new Array<number>(10).fill(0);
  for (const n of draw(7, 10, 10_000)) counts[n] = (counts[n] ?? Number.NaN) + 1;
  assert.is(counts.length, 10);
  for (const count of counts) assert.ok(count > 850 && count < 1_150, `${counts}`);
  assert.ok(draw(7, 2 ** 53, 1_000).every((n) => Number.isSafeInteger(n) && n >= 0));
  assert.ok(draw(7, 1, 10).every((n) => n === 0));
});

test.run();
