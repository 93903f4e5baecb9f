import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kubernetesLimits } from '../process/limits.ts';
import { readWatchEvent } from './watch-event.ts';

const meta = { name: 'n', namespace: 'here', uid: 'u', resourceVersion: '5' };

test('a change is read with its object as it stands', () => {
  const object = { metadata: { ...meta, labels: { a: 'b' } }, data: {} };
  for (const type of ['ADDED', 'MODIFIED', 'DELETED']) {
    assert.equal(readWatchEvent(type, object), { event: { type, meta, object } });
  }
});

test('a bookmark has a version and nothing else', () => {
  const object = { kind: 'Secret', metadata: { resourceVersion: '9', creationTimestamp: null } };
  assert.equal(readWatchEvent('BOOKMARK', object), { event: { type: 'BOOKMARK', resourceVersion: '9' } });
});

test('an ERROR event is the failure of its status', () => {
  const failures = [
    [
      { code: 410, message: 's3cr3t' },
      { reason: 'gone', status: 410 },
    ],
    [{ code: 500 }, { reason: 'server_error', status: 500 }],
    [
      { code: 429, details: { retryAfterSeconds: 3 } },
      { reason: 'throttled', status: 429, retryAfterMs: 3_000 },
    ],
    [
      { code: 429, details: { retryAfterSeconds: 1e9 } },
      { reason: 'throttled', status: 429, retryAfterMs: kubernetesLimits.retryAfterMsMax },
    ],
    [{ code: 'x' }, { reason: 'unreadable' }],
    [undefined, { reason: 'unreadable' }],
  ] as const;
  for (const [object, failure] of failures) assert.equal(readWatchEvent('ERROR', object), { failure });
});

test('what is none of these is unreadable', () => {
  for (const [type, object] of [
    ['ADDED', null],
    ['ADDED', {}],
    ['MODIFIED', { metadata: { ...meta, resourceVersion: 5 } }],
    ['BOOKMARK', { metadata: {} }],
    ['PATCHED', { metadata: meta }],
    ['', { metadata: meta }],
  ] as const) {
    assert.equal(readWatchEvent(type, object), { failure: { reason: 'unreadable' } });
  }
});

test.run();
