import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LineCounter } from 'yaml';
import { parseDocuments, plainValue } from './plain-yaml.ts';

const read = (yaml: string, ...dialect: readonly ['kubectl'] | readonly []): unknown => {
  const lines = new LineCounter();
  const [document] = parseDocuments(yaml, lines, ...dialect);
  const value = document && plainValue(document, lines);
  return value?.ok ? value.value : value;
};

/** What `kubectl annotate --local -o json` makes of the same text. */
const asKubectl: readonly (readonly [text: string, value: unknown])[] = [
  ['[y, N, yes, Off, on, TRUE, "on"]', [true, false, true, false, true, true, 'on']],
  ['[010, 08, 0x1F, 1_000, 1e3, +1]', [8, 8, 31, 1_000, 1_000, 1]],
  [
    '[~, Null, 2026-01-01, "1:30", 1:30, 190:20:30.5, =]',
    [null, null, '2026-01-01', '1:30', '1:30', '190:20:30.5', '='],
  ],
  ['{a: &a {x: 1, y z: 2}, b: {<<: *a, x: 3}}', { a: { x: 1, 'y z': 2 }, b: { x: 3, 'y z': 2 } }],
  ['{<<: [{a: 1}, {a: 2, c: 3}]}', { a: 1, c: 3 }],
  ['!!str 12', '12'],
];

for (const [text, value] of asKubectl) {
  test(`as kubectl: ${text}`, () => assert.equal(read(text, 'kubectl'), value));
}

test('no tag but those of plain data, in either', () => {
  for (const tag of ['binary', 'timestamp', 'set', 'omap', 'pairs']) {
    const refused = { ok: false, problems: [{ path: 'line 1', expected: 'no tag' }] };
    assert.equal(read(`!!${tag} {a: }`, 'kubectl'), refused, tag);
    assert.equal(read(`!!${tag} {a: }`), refused, tag);
  }
});

test('words of other files are words', () => assert.equal(read('[y, off, true, 010]'), ['y', 'off', true, 10]));

test.run();
