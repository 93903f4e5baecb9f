import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createEarlyNotifications } from './early-notifications.ts';

const open = (max = 2) => {
  const heard: string[] = [];
  const early = createEarlyNotifications({
    max,
    apply: ({ tenantId }) => void heard.push(tenantId),
    onOverflow: () => void heard.push('overflow'),
  });
  return { early, heard };
};

test('what comes early is applied at the release, in its order; what comes later at once', () => {
  const { early, heard } = open();
  early.hear({ tenantId: 'a' });
  early.hear({ tenantId: 'b' });
  assert.equal(heard, []);
  early.release();
  assert.equal(heard, ['a', 'b']);
  early.hear({ tenantId: 'c' });
  early.release();
  assert.equal(heard, ['a', 'b', 'c']);
});

test('more than the bound is told once', () => {
  const { early, heard } = open(1);
  for (const tenantId of ['a', 'b', 'c']) early.hear({ tenantId });
  early.release();
  assert.equal(heard, ['overflow', 'a']);
});

test.run();
