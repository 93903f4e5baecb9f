import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readEvictionPolicy } from './eviction-policy.ts';

test('a cluster none of whose nodes is known has no policy to be praised for', async () => {
  assert.is(await readEvictionPolicy([]), undefined);
});

test.run();
