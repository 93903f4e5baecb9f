import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { perObject } from './per-object.ts';

test('is worked out once for each object, undefined too, and not for an equal one', () => {
  const seen: object[] = [];
  const of = perObject((key: { readonly n?: number }) => {
    seen.push(key);
    return key.n;
  });
  const [one, none] = [{ n: 1 }, {}];
  for (let n = 0; n < 3; n += 1) assert.equal([of(one), of(none)], [1, undefined]);
  assert.equal(seen, [one, none]);
  assert.is(of({ n: 1 }), 1);
  assert.is(seen.length, 3);
});

test('what could not be worked out is tried again', () => {
  let calls = 0;
  const of = perObject(() => {
    calls += 1;
    if (calls === 1) throw new Error('not yet');
    return calls;
  });
  const key = {};
  assert.throws(() => of(key), 'not yet');
  assert.is(of(key), 2);
  assert.is(of(key), 2);
});

test.run();
