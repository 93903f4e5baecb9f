import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cxoneLimits } from '../process/limits.ts';
import { parseRetryAfter } from './retry-after.ts';

const now = Date.UTC(2026, 0, 1, 12, 0, 0);

const cases: readonly (readonly [header: string | undefined, ms: number | undefined])[] = [
  [undefined, undefined],
  ['', undefined],
  ['0', 0],
  ['3', 3_000],
  [' 3 ', 3_000],
  ['3600', 3_600_000],
  ['3601', cxoneLimits.retryAfterMsMax],
  ['99999999999999', cxoneLimits.retryAfterMsMax],
  ['9'.repeat(400), undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['1e3', undefined],
  ['soon', undefined],
  ['Thu, 01 Jan 2026 12:00:05 GMT', 5_000],
  ['Thu, 01 Jan 2026 11:59:55 GMT', 0],
  ['Fri, 01 Jan 2027 12:00:00 GMT', cxoneLimits.retryAfterMsMax],
  ['Thu, 99 Jan 2026 12:00:05 GMT', undefined],
  ['2026-01-01T12:00:05Z', undefined],
];

for (const [header, ms] of cases) {
  test(`${JSON.stringify(header?.slice(0, 40))} is ${ms}`, () => assert.is(parseRetryAfter(header, now), ms));
}

test.run();
