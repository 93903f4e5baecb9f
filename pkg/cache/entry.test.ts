import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createEntryDecoder, createEntryEncoder, encodeTombstone } from './entry.ts';

const at = Date.UTC(2026, 0, 1);
const life = { readAt: at, freshUntil: at + 300_000, staleUntil: at + 600_000 };

for (const text of ['{"id":1}', '', null, '"🎈\n"', '1R0000']) {
  test(`decodes what it encoded: ${JSON.stringify(text)}`, () => {
    assert.equal(createEntryDecoder()(createEntryEncoder()({ text, life })), { text, life });
  });
}

test('stands in Redis as other versions of the service write and read it', () => {
  const times = `${life.readAt}${life.freshUntil}${life.staleUntil}`;
  const encode = createEntryEncoder();
  assert.is(encode({ text: '{"id":1}', life }), `1R${times}{"id":1}`);
  assert.is(encode({ text: null, life }), `1M${times}`);
});

test('rounds the time of the read down and that of a removal up', () => {
  const encoded = createEntryEncoder()({ text: '', life: { ...life, readAt: at + 0.9 } });
  assert.is(createEntryDecoder()(encoded)?.life.readAt, at);
  assert.is(encodeTombstone(at + 0.1), `1T${at + 1}`);
});

test('each of several entries has its own text and lifetime', () => {
  const [encode, decode] = [createEntryEncoder(), createEntryDecoder()];
  const later = { ...life, staleUntil: life.staleUntil + 1 };
  const entries = [
    { text: '1', life },
    { text: null, life },
    { text: '2', life: later },
    { text: '3', life },
  ];
  assert.equal(
    entries.map((entry) => decode(encode(entry))),
    entries,
  );
});

test('the same times twice in a row are one lifetime, also with garbage between', () => {
  const [encode, decode] = [createEntryEncoder(), createEntryDecoder()];
  const first = decode(encode({ text: '1', life }));
  assert.is(decode('garbage'), undefined);
  assert.is(decode(encode({ text: '2', life: { ...life } }))?.life, first?.life);
});

const good = createEntryEncoder()({ text: '{}', life });
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
    assert.is(createEntryDecoder()(value), undefined);
  });
}

test.run();
