import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type PolicyNode, readEvictionPolicy } from './eviction-policy.ts';

test('a cluster none of whose nodes is known has no policy to be praised for', async () => {
  assert.is(await readEvictionPolicy([]), undefined);
});

const answer = async <T>(value: T | undefined): Promise<T> => {
  if (value === undefined) throw new Error('away');
  return value;
};

const node = (policy: string | undefined): PolicyNode => ({
  config: () => answer(policy && ['maxmemory-policy', policy]),
  info: () => answer(policy && `maxmemory_policy:${policy}`),
});

const policies: readonly (readonly [nodes: readonly (string | undefined)[], policy: string | undefined])[] = [
  [['allkeys-lru', 'allkeys-lru'], 'allkeys-lru'],
  [['allkeys-lru', 'noeviction'], 'noeviction'],
  [['allkeys-lru', undefined], undefined],
  [[undefined, 'noeviction'], 'noeviction'],
];

for (const [nodes, policy] of policies)
  test(`of a cluster of ${nodes.map((one) => one ?? 'one that is away')}, the policy is ${policy}`, async () => {
    assert.is(await readEvictionPolicy(nodes.map(node)), policy);
  });

test.run();
