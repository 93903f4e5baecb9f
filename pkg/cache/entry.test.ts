import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeEntry, encodeEntry, encodeTombstone } from './entry.ts';

const at = Date.UTC(2026, 0, 1);
const times = { readAt: at, freshUntil: at + 300_000, staleUntil: at + 600_000 };

for (const text of ['{"id":1}', '', null, '"🎈\n"', '1R0000']) {
  test(`decodes what it encoded: ${JSON.stringify(text)}`, () => {
    assert.equal(decodeEntry(encodeEntry({ text, ...times })), { text, ...times });
  });
}

test('rounds the time of the read down and that of a removal up', () => {
  assert.is(decodeEntry(encodeEntry({ text: '', ...times, readAt: at + 0.9 }))?.readAt, at);
  assert.is(encodeTombstone(at + 0.1), `1T${at + 1}`);
});

const good = encodeEntry({ text: '{}', ...times });
const garbage: readonly unknown[] = [
  null,
  undefined,
  7,
  '',
  '{}',
  encodeTombstone(at),
  good.slice(0, 40),
  `2${good.slice(1)}`,
  `1X${good.slice(2)}`,
  `1R${' '.repeat(39)}{}`,
  ` ${good}`,
];
for (const value of garbage) {
  test(`takes for a miss: ${JSON.stringify(value)}`, () => {
    assert.is(decodeEntry(value), undefined);
  });
}

test.run();
