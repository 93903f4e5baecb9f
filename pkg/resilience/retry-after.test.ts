import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseRetryAfter } from './retry-after.ts';

// A date without a zone is GMT, wherever this runs.
process.env.TZ = 'America/New_York';

const wallMs = Date.UTC(2026, 0, 1, 12, 0, 0);
const msMax = 3_600_000;

const cases: readonly (readonly [header: string | undefined, ms: number | undefined])[] = [
  [undefined, undefined],
  ['', undefined],
  ['0', 0],
  ['3', 3_000],
  [' 3 ', 3_000],
  ['3600', 3_600_000],
  ['3601', msMax],
  ['99999999999999', msMax],
  ['9'.repeat(30), msMax],
  ['9'.repeat(400), msMax],
  ['-1', undefined],
  ['1.5', undefined],
  ['1e3', undefined],
  ['soon', undefined],
  ['Thu, 01 Jan 2026 12:00:05 GMT', 5_000],
  ['Thu, 01 Jan 2026 11:59:55 GMT', 0],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ['Fri, 01 Jan 2027 12:00:00 GMT', msMax],
  ['Thu, 99 Jan 2026 12:00:05 GMT', undefined],
  ['Thu, 01 Jan 2026 12:00:05', undefined],
  ['Thu, soon GMT', undefined],
  ['Thu, 2027 GMT', undefined],
  ['Thursday, 01-Jan-26 12:00:05 GMT', 5_000],
  ['Thu Jan  1 12:00:05 2026', 5_000],
  ['Thu Jan 01 12:00:05 2026', 5_000],
  ['2026-01-01T12:00:05Z', undefined],
  ['2027-01-01', undefined],
];

for (const [header, ms] of cases) {
  test(`${JSON.stringify(header?.slice(0, 40))} is ${ms}`, () =>
    assert.is(parseRetryAfter(header, { wallMs, msMax }), ms));
}

test('each caller has a bound of its own', () => {
  assert.is(parseRetryAfter('999999', { wallMs, msMax: 120_000 }), 120_000);
});

test.run();
