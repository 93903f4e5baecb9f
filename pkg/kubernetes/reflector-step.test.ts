import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kubernetesLimits } from '../process/limits.ts';
import type { ApiFailure } from './api-result.ts';
import { type Step, stepAfterFailedList, stepAfterWatch } from './reflector-step.ts';

const long = kubernetesLimits.watchShortMs;
const short = long - 1;

const cases: readonly (readonly [string, ApiFailure | undefined, number, Step])[] = [
  ['the server ends a watch after a while', undefined, long, {}],
  ['the server ends a watch at once', undefined, short, { waitMs: 0 }],
  ['gone after a while', { reason: 'gone' }, long, { relist: 'gone' }],
  ['gone at once', { reason: 'gone' }, short, { relist: 'gone', waitMs: 0 }],
  ['a broken connection', { reason: 'unreachable' }, long, { waitMs: 0 }],
  ['silence, which may be that of a quiet kind', { reason: 'silent' }, long, {}],
  ['no answer', { reason: 'timed_out' }, long, { waitMs: 0 }],
  ['401', { reason: 'unauthorized', status: 401 }, short, { waitMs: 0 }],
  ['403', { reason: 'forbidden', status: 403 }, short, { waitMs: 0 }],
  ['429', { reason: 'throttled', status: 429, retryAfterMs: 7_000 }, short, { waitMs: 7_000 }],
  ['503', { reason: 'server_error', status: 503, retryAfterMs: 5_000 }, short, { waitMs: 5_000 }],
  ['504, such as a version from the future', { reason: 'server_error', status: 504 }, short, failedStep()],
  ['500', { reason: 'server_error', status: 500 }, long, failedStep()],
  ['400', { reason: 'refused', status: 400 }, short, failedStep()],
  ['an unreadable event', { reason: 'unreadable' }, long, failedStep()],
  ['an event that is too large', { reason: 'too_large' }, long, failedStep()],
];

function failedStep(): Step {
  return { relist: 'failed', waitMs: 0 };
}

for (const [title, end, livedMs, expected] of cases) {
  test(`after a watch: ${title}`, () => assert.equal(stepAfterWatch(end, { livedMs, isFirst: true }), expected));
}

test('after a watch from an old position that is gone, everything is listed at once', () => {
  assert.equal(stepAfterWatch({ reason: 'gone' }, { livedMs: 0, isFirst: false }), { relist: 'gone' });
});

test('after a failed list there is always a wait', () => {
  assert.equal(stepAfterFailedList({ reason: 'gone' }), { waitMs: 0 });
  assert.equal(stepAfterFailedList({ reason: 'throttled', retryAfterMs: 9 }), { waitMs: 9 });
});

test.run();
