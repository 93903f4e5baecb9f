import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kubernetesLimits } from '../process/limits.ts';
import { parseRetryAfter } from './retry-after.ts';

test('Retry-After is seconds or a moment, never in the past, never beyond the bound', () => {
  const now = Date.UTC(2026, 0, 1);
  const read = (header: string | undefined) => parseRetryAfter(header, now);
  assert.is(read('3'), 3_000);
  assert.is(read('0'), 0);
  assert.is(read('Thu, 01 Jan 2026 00:00:09 GMT'), 9_000);
  assert.is(read('Wed, 31 Dec 2025 00:00:00 GMT'), 0);
  assert.is(read('999999'), kubernetesLimits.retryAfterMsMax);
  assert.is(read('9'.repeat(9)), kubernetesLimits.retryAfterMsMax);
  for (const header of [undefined, '', 'soon', '-1', '1e3', '2027-01-01', '9'.repeat(30)]) {
    assert.is(read(header), undefined, header);
  }
});

test.run();
