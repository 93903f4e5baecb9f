// time limit: 120 s

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ApiFailure, ApiResult } from '../../pkg/kubernetes/api-result.ts';
import { createKubernetesClient, type KubernetesClient } from '../../pkg/kubernetes/client.ts';
import { secretsIn } from '../../pkg/kubernetes/resource.ts';
import { kubernetesLimits } from '../../pkg/process/limits.ts';
import { createManualClock, type ManualClock } from '../../pkg/process/manual-clock.ts';
import { type FakeApiServer, type Fault, startFakeApiServer } from '../services/fake-api-server.ts';
import { collectionPath, sourceOf } from '../services/kube-cluster.ts';
import { untilTrue } from '../services/loopback.ts';

interface Opened {
  readonly server: FakeApiServer;
  readonly client: KubernetesClient;
  readonly clock: ManualClock;
  list(signal?: AbortSignal): Promise<ApiResult<unknown>>;
}

const secrets = secretsIn('here');

const testWith = (title: string, handler: (opened: Opened) => Promise<void>): void =>
  test(title, async () => {
    const server = await startFakeApiServer();
    const clock = createManualClock();
    const client = createKubernetesClient({ source: sourceOf(server), clock });
    const list: Opened['list'] = (signal) => client.listPage(secrets, { limit: 1 }, signal && { signal });
    await handler({ server, client, clock, list });
    await client.close();
    await server.close();
  });

const failureOf = (result: ApiResult<unknown>): ApiFailure => {
  assert.not(result.ok);
  return result.ok ? { reason: 'stopped' } : result.failure;
};

const startWatch = (client: KubernetesClient, resourceVersion: string, signal = new AbortController().signal) => {
  const seen: string[] = [];
  const end = client.watch(secrets, {
    resourceVersion,
    timeoutSeconds: 300,
    signal,
    onOpen: () => void seen.push('open'),
    onEvent: (event) => void seen.push(event.type),
  });
  return { seen, end };
};

/** A call may begin before the last one's connection has become free: two take turns. */
const callConnectionsMax = 2;

testWith('calls share connections, and a watch has one of its own', async ({ server, client, list }) => {
  for (let call = 0; call < 50; call += 1) assert.ok((await list()).ok);
  assert.ok(server.connections <= callConnectionsMax, `${server.connections} connections`);
  const { seen } = startWatch(client, server.store.resourceVersion);
  await untilTrue('the watch', () => seen.includes('open'));
  for (let call = 0; call < 50; call += 1) assert.ok((await list()).ok);
  assert.ok(server.connections <= callConnectionsMax + 1, `${server.connections} connections`);
});

testWith(
  'a token that is replaced is used within a minute, and at once after a 401',
  async ({ server, clock, list }) => {
    assert.ok((await list()).ok);
    server.writeToken('second');
    await clock.advance(kubernetesLimits.tokenRereadMs - 1);
    assert.ok((await list()).ok, 'the first one is still used');
    server.acceptOnly('second');
    await clock.advance(1);
    assert.ok((await list()).ok);
    server.writeToken('third');
    server.acceptOnly('third');
    assert.equal(failureOf(await list()), { reason: 'unauthorized', status: 401 });
    assert.ok((await list()).ok);
  },
);

testWith(
  'a new authority is used as soon as its file is there, and open watches go on',
  async ({ server, client, list }) => {
    const { seen } = startWatch(client, server.store.resourceVersion);
    await untilTrue('the watch', () => seen.includes('open'));
    server.writeAuthority(server.changeAuthority());
    assert.ok((await list()).ok);
    server.store.put(collectionPath('here', 'secrets'), 'a', {});
    await untilTrue('an event', () => seen.includes('ADDED'));
  },
);

testWith('a certificate that our authority did not sign is not trusted', async ({ server, list }) => {
  server.changeAuthority();
  const failure = failureOf(await list());
  assert.is(failure.reason, 'untrusted');
  assert.match(failure.code ?? '', /CERT|VERIFY/);
});

for (const name of ['token', 'ca.crt'] as const) {
  testWith(`without its ${name} a call and a watch fail as plain values`, async ({ server, client, list }) => {
    rmSync(join(server.directory, name));
    const expected = { reason: 'no_credentials', code: 'ENOENT' };
    assert.equal(failureOf(await list()), expected);
    assert.equal(await startWatch(client, '100').end, expected);
  });

  testWith(`a ${name} that vanished later is used from memory`, async ({ server, clock, list }) => {
    assert.ok((await list()).ok);
    rmSync(join(server.directory, name));
    await clock.advance(kubernetesLimits.tokenRereadMs);
    assert.ok((await list()).ok);
  });
}

testWith('an empty token file is a file in the middle of being written', async ({ server, list }) => {
  server.writeToken('');
  assert.equal(failureOf(await list()), { reason: 'no_credentials' });
});

const answers: readonly (readonly [Fault, ApiFailure])[] = [
  [{ status: 400 }, { reason: 'refused', status: 400 }],
  [{ status: 403 }, { reason: 'forbidden', status: 403 }],
  [{ status: 404 }, { reason: 'not_found', status: 404 }],
  [{ status: 409 }, { reason: 'conflict', status: 409 }],
  [{ status: 410 }, { reason: 'gone', status: 410 }],
  [{ status: 422 }, { reason: 'refused', status: 422 }],
  [
    { status: 429, retryAfter: '7' },
    { reason: 'throttled', status: 429, retryAfterMs: 7_000 },
  ],
  [
    { status: 503, retryAfter: 'Thu, 01 Jan 2026 00:00:05 GMT' },
    { reason: 'server_error', status: 503, retryAfterMs: 5_000 },
  ],
  [
    { status: 503, retryAfter: '9'.repeat(30) },
    { reason: 'server_error', status: 503, retryAfterMs: kubernetesLimits.retryAfterMsMax },
  ],
  [{ status: 500 }, { reason: 'server_error', status: 500 }],
  ['garbage', { reason: 'unreadable', status: 200 }],
];

testWith(
  'each answer is a failure of its own, for calls and for watches, without anything of its body',
  async (opened) => {
    const { server, client, list } = opened;
    for (const [fault, expected] of answers) {
      server.fail('list', fault);
      assert.equal(failureOf(await list()), expected);
      if (fault === 'garbage') continue;
      server.fail('watch', fault);
      assert.equal(await startWatch(client, '100').end, expected);
    }
    server.fail('list', 'reset');
    const failure = failureOf(await list());
    assert.is(failure.reason, 'unreachable');
  },
);

testWith('a server that is not there is unreachable', async ({ server, client, list }) => {
  await server.close();
  assert.equal(failureOf(await list()), { reason: 'unreachable', code: 'ECONNREFUSED' });
  assert.equal(await startWatch(client, '100').end, { reason: 'unreachable', code: 'ECONNREFUSED' });
});

testWith('a silent server is given up on our clock', async ({ server, client, clock, list }) => {
  server.fail('list', 'silence');
  const listed = list();
  const asked = (requests: number) => untilTrue('the request', () => server.requests.length === requests);
  await asked(1);
  await clock.advance(kubernetesLimits.requestTimeoutMs);
  assert.equal(failureOf(await listed), { reason: 'timed_out' });

  server.fail('watch', 'silence');
  const { seen, end } = startWatch(client, '100');
  await asked(2);
  await clock.advance(kubernetesLimits.watchOpenMs);
  assert.equal(await end, { reason: 'timed_out' });
  assert.equal(seen, []);
  assert.is(clock.pending(), 0);
});

testWith('bookmarks keep a quiet watch alive, and without them it is dead', async ({ server, client, clock }) => {
  const { seen, end } = startWatch(client, server.store.resourceVersion);
  await untilTrue('the watch', () => seen.length === 1);
  for (let minute = 1; minute <= 5; minute += 1) {
    await clock.advance(60_000);
    server.bookmark();
    await untilTrue('the bookmark', () => seen.length === minute + 1);
  }
  await clock.advance(kubernetesLimits.watchSilenceMs - 1);
  assert.is(server.openWatches, 1);
  await clock.advance(1);
  assert.equal(await end, { reason: 'silent' });
});

testWith('nothing is told after the end', async ({ server, client }) => {
  const { seen, end } = startWatch(client, server.store.resourceVersion);
  await untilTrue('the watch', () => seen.length === 1);
  const bookmark = '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"200"}}}\n';
  server.write(`${bookmark}{"type":"ERROR","object":{"code":500}}\n${bookmark}`);
  assert.equal(await end, { reason: 'server_error', status: 500 });
  await untilTrue('its connection is closed', () => server.openWatches === 0);
  assert.equal(seen, ['open', 'BOOKMARK']);
});

testWith('what the caller gives up ends, in whatever phase it is', async ({ server, client, list }) => {
  const stopped = { reason: 'stopped' };
  assert.equal(failureOf(await list(AbortSignal.abort())), stopped);
  assert.equal(await startWatch(client, '100', AbortSignal.abort()).end, stopped);
  assert.is(server.requests.length, 0);

  server.fail('list', 'silence');
  const call = new AbortController();
  const listed = list(call.signal);
  await untilTrue('the request', () => server.requests.length === 1);
  call.abort();
  assert.equal(failureOf(await listed), stopped);

  const watch = new AbortController();
  const { seen, end } = startWatch(client, server.store.resourceVersion, watch.signal);
  await untilTrue('the watch', () => seen.length === 1);
  watch.abort();
  server.store.put(collectionPath('here', 'secrets'), 'late', {});
  assert.equal(await end, stopped);
  assert.equal(seen, ['open']);
  await untilTrue('its connection is closed', () => server.openWatches === 0);
});

testWith('a client that is closed ends what is going on', async ({ server, client }) => {
  const { seen, end } = startWatch(client, server.store.resourceVersion);
  await untilTrue('the watch', () => seen.length === 1);
  await client.close();
  assert.is((await end)?.reason, 'unreachable');
});

test.run();
