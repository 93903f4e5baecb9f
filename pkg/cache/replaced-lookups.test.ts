import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createCacheGroup } from './group.ts';
import { replacedLookups } from './replaced-lookups.ts';
import type { CachedLookup } from './two-tier.ts';

const lookup = (action: string, revision: string): CachedLookup => ({
  action,
  group: createCacheGroup({ tenantId: 'acme', action, revision }),
});
const manyGroups: CachedLookup = { action: 'find', group: undefined };

test('an action of another revision, and one that went, are replaced', () => {
  const before = [lookup('same', '1'), lookup('changed', '1'), lookup('gone', '1')];
  assert.equal(replacedLookups(before, [lookup('changed', '2'), lookup('same', '1')]), ['changed', 'gone']);
});

test('an action that gets other parameters is replaced; one that had some keeps its floor', () => {
  assert.equal(replacedLookups([lookup('find', '1')], [manyGroups]), ['find']);
  assert.equal(replacedLookups([manyGroups], [lookup('find', '2')]), []);
});

test('a new tenant replaces nothing', () => assert.equal(replacedLookups([], [lookup('find', '1')]), []));

test.run();
