import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheLimits, requestLimits } from '../process/limits.ts';
import type { KeyedEntry } from './entry.ts';
import { splitWrites } from './split-writes.ts';

const rows = (count: number, characters: number): readonly KeyedEntry[] =>
  Array.from({ length: count }, (_, n) => [
    `k${n}`,
    { text: 'x'.repeat(characters), life: { readAt: 0, freshUntil: 0, staleUntil: 0 } },
  ]);

test('nothing makes no script', () => {
  assert.equal(splitWrites([]), []);
});

test('as many keys as one script may have make one, one more make two, in order', () => {
  const entries = rows(cacheLimits.writeKeysMax + 1, 1);
  assert.is(splitWrites(entries.slice(1)).length, 1);
  assert.equal(
    splitWrites(entries).map((part) => part.length),
    [cacheLimits.writeKeysMax, 1],
  );
  assert.equal(splitWrites(entries).flat(), entries);
});

test('long rows make more scripts, each within the bound', () => {
  const entries = rows(20, requestLimits.answerBytesMax + 1);
  const parts = splitWrites(entries);
  assert.equal(parts.flat(), entries);
  for (const part of parts) {
    assert.ok(
      part.reduce((sum, [key, { text }]) => sum + key.length + (text?.length ?? 0), 0) <=
        cacheLimits.writeCharactersMax,
    );
  }
});

test.run();
