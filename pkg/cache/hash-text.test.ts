import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hashText } from './hash-text.ts';

/** How many of `places` are met: 63 % where chance puts as many texts as there are places. */
const placesMet = (texts: readonly string[], places: number, seed: number): number =>
  new Set(texts.map((text) => hashText(text, seed) & (places - 1))).size / places;

const numbers = Array.from({ length: 4_096 }, (_, n) => String(n));
const families: readonly (readonly [name: string, texts: readonly string[]])[] = [
  ['numbers', numbers],
  ['numbers behind a name', numbers.map((text) => `customer-${text}`)],
  ['numbers in front of a name', numbers.map((text) => `${text}-of-the-customers`)],
  ['numbers filled up with zeros', numbers.map((text) => `00000000-0000-4000-8000-${text.padStart(12, '0')}`)],
  ['characters beyond Latin-1', numbers.map((_, n) => String.fromCharCode(0x3000 + n))],
];

for (const [name, texts] of families) {
  test(`low bits spread ${name} as chance would, from any seed`, () => {
    for (const seed of [0, 1, -1, 0x7fff_ffff, -0x8000_0000]) {
      const met = placesMet(texts, 4_096, seed);
      assert.ok(met > 0.6 && met < 0.67, `${met} from ${seed}`);
    }
  });
}

test('is a whole number of 32 bits, the same each time, however the text was made', () => {
  const hash = hashText('customer-1', 42);
  assert.is(hash, hash | 0);
  assert.is(hashText(['customer', '1'].join('-'), 42), hash);
  assert.is(hashText('a customer-1'.slice(2), 42), hash);
  assert.is.not(hashText('customer-1', 43), hash);
});

test('knows FNV-1a of nothing and of one character, finished by MurmurHash3', () => {
  const finished = (hash: number): number => hashText('', hash);
  assert.is(finished(0), 0);
  assert.is(hashText('a', 0x811c_9dc5 | 0), finished(0xe40c_292c | 0), 'FNV-1a of "a" is e40c292c');
});

test.run();
