import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { collectGarbage } from '../../test/services/collect-garbage.ts';
import { createWeakValues } from './weak-values.ts';

test('gives what was put in under a name, the newest', () => {
  const values = createWeakValues<{ readonly n: number }>(10);
  const [first, second] = [{ n: 1 }, { n: 2 }];
  values.set('a', first);
  assert.is(values.get('a'), first);
  values.set('a', second);
  assert.is(values.get('a'), second);
  assert.is(values.get('b'), undefined);
  assert.is(values.size(), 1);
});

test('holds no value, and names of gone ones only up to its bound', async () => {
  const least = 100;
  const values = createWeakValues<object>(least);
  const held = Array.from({ length: 150 }, (_, n) => ({ n }));
  for (const value of held) values.set(`held-${value.n}`, value);
  for (let round = 0; round < 20; round += 1) {
    for (let n = 0; n < 100; n += 1) values.set(`gone-${round}-${n}`, { n });
    await collectGarbage();
  }
  assert.is(values.get('gone-0-0'), undefined);
  for (const value of held) assert.is(values.get(`held-${value.n}`), value);
  assert.ok(values.size() <= 2 * (held.length + 100), String(values.size()));
});

test.run();
