// time limit: 180 s

/**
 * Each way in which an API server or the network can fail: afterwards, and within the bound on the clock, the store is what the server holds;
 * then an ordinary change still arrives, and there never was a second watch.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kubernetesLimits } from '../../pkg/process/limits.ts';
import type { FakeApiServer } from '../services/fake-api-server.ts';
import { type Faulty, openFaulty, secretsPath } from '../services/faulty-cluster.ts';
import type { Followed } from '../services/followed.ts';

const { watchBackoffMinMs, watchSilenceMs, watchOpenMs, requestTimeoutMs, safetyRelistMaxMs, watchLagMs } =
  kubernetesLimits;
/** The first wait with a random number of 0.5, and the step by which the tests move time. */
const oneWaitMs = 1.5 * watchBackoffMinMs + 100;
const twoWaitsMs = oneWaitMs + 2.5 * watchBackoffMinMs + 100;
const severalWaitsMs = 60_000;

interface FaultCase {
  /** Changes the server's objects and breaks something, in whatever order. */
  readonly fault: (faulty: Faulty) => void | Promise<void>;
  /** The longest time that the store may be behind, on the clock. */
  readonly boundMs: number;
  /** What was told, beside changes, after the first watch was open. */
  readonly told?: readonly string[];
  /** Before the first list. */
  readonly prepare?: (server: FakeApiServer) => void;
}

const put = (server: FakeApiServer, name: string, value = name): void =>
  void server.store.put(secretsPath, name, { data: { current: Buffer.from(value).toString('base64') } });
const change = (server: FakeApiServer): void => {
  put(server, 'a', 'changed');
  put(server, 'new');
  server.store.remove(secretsPath, 'b');
};

/** Lost while no watch is open: the watch is answered with this a few times, then served. */
const refusedWatch =
  (status: number, times: number, retryAfter?: string) =>
  ({ server }: Faulty) => {
    server.fail('watch', { status, ...(retryAfter !== undefined && { retryAfter }) }, { times });
    server.endWatches();
    change(server);
  };

const cases: Readonly<Record<string, FaultCase>> = {
  '410 as the status of a watch': {
    fault: ({ server }) => {
      server.secretly(() => change(server));
      server.store.compact();
      server.endWatches();
    },
    // For the watch that ended at once; the list that follows does not wait.
    boundMs: oneWaitMs,
    told: ['connected false', 'failed gone', 'relist gone', 'connected true'],
  },
  '410 as an event of a watch': {
    fault: ({ server }) => {
      server.secretly(() => change(server));
      server.errorEvent(410);
    },
    boundMs: oneWaitMs,
    told: ['connected false', 'failed gone', 'relist gone', 'connected true'],
  },
  'another error as an event of a watch': {
    fault: ({ server }) => {
      server.secretly(() => change(server));
      server.errorEvent(500);
    },
    boundMs: oneWaitMs,
    told: ['connected false', 'failed server_error', 'relist failed', 'connected true'],
  },
  'an error event that is none': {
    fault: ({ server }) => {
      server.secretly(() => change(server));
      server.write('{"type":"ERROR","object":{"code":"s3cr3t"}}\n');
    },
    boundMs: oneWaitMs,
    told: ['connected false', 'failed unreadable', 'relist failed', 'connected true'],
  },
  'a half line, then the end': {
    fault: ({ server }) => {
      server.secretly(() => change(server));
      server.write('{"type":"MODIFIED","object":{"metadata":{"na');
      server.endWatches();
    },
    boundMs: oneWaitMs,
    told: [],
  },
  'a half line, then a reset': {
    fault: ({ server }) => {
      server.secretly(() => change(server));
      server.write('{"type":"MODIFIED","object":{"metadata":{"na');
      server.reset();
    },
    boundMs: oneWaitMs,
    told: ['connected false', 'failed unreachable', 'connected true'],
  },
  'an event in pieces': {
    fault: ({ server }) => {
      let line = '';
      server.secretly(() => {
        put(server, 'a', 'changed');
        line = `${JSON.stringify({ type: 'MODIFIED', object: server.store.get(secretsPath, 'a') })}\n`;
      });
      for (const piece of [line.slice(0, 9), line.slice(9, 40), line.slice(40)]) server.write(piece);
    },
    boundMs: 0,
    told: [],
  },
  'half lines between others: events that are lost': {
    fault: async ({ server, followed }) => {
      server.secretly(() => change(server));
      server.write('{"type":"MODIFIED","object":{"metadata":{"na\n');
      put(server, 'c', 'changed');
      await passLook(server, followed);
    },
    boundMs: safetyRelistMaxMs + watchLagMs + requestTimeoutMs,
    told: ['missed 3', 'relist missed'],
  },
  'an object without metadata': {
    fault: ({ server }) => {
      server.secretly(() => change(server));
      server.write('{"type":"ADDED","object":{}}\n');
    },
    boundMs: oneWaitMs,
    told: ['connected false', 'failed unreadable', 'relist failed', 'connected true'],
  },
  'a line that never ends': {
    fault: ({ server }) => {
      server.secretly(() => change(server));
      server.write('x'.repeat(kubernetesLimits.eventBytesMax + 1));
    },
    boundMs: oneWaitMs,
    told: ['connected false', 'failed too_large', 'relist failed', 'connected true'],
  },
  'silence of a watch': {
    fault: async ({ server, followed }) => {
      server.secretly(() => change(server));
      await followed.clock.advance(watchSilenceMs);
    },
    boundMs: watchSilenceMs,
    told: [],
  },
  'silence instead of a watch': {
    fault: async ({ server, followed }) => {
      server.fail('watch', 'silence');
      server.endWatches();
      change(server);
      await followed.until('the watch', () => server.requests.filter(({ kind }) => kind === 'watch').length === 2);
      await followed.clock.advance(watchOpenMs);
    },
    boundMs: watchOpenMs + twoWaitsMs,
    told: ['connected false', 'failed timed_out', 'connected true'],
  },
  'silence instead of a list': {
    fault: async ({ server, followed }) => {
      server.fail('list', 'silence');
      server.secretly(() => change(server));
      server.errorEvent(410);
      await followed.until('the list', () => server.requests.filter(({ kind }) => kind === 'list').length === 2);
      await followed.clock.advance(requestTimeoutMs);
    },
    boundMs: requestTimeoutMs + twoWaitsMs,
    told: ['connected false', 'failed gone', 'relist gone', 'failed timed_out', 'connected true'],
  },
  'a reset': {
    fault: ({ server }) => {
      server.reset();
      change(server);
    },
    boundMs: oneWaitMs,
    told: ['connected false', 'failed unreachable', 'connected true'],
  },
  'resets of lists and of watches, again and again': {
    fault: ({ server }) => {
      server.fail('watch', 'reset', { times: 3 });
      server.fail('list', 'reset', { times: 3 });
      server.secretly(() => change(server));
      server.errorEvent(410);
    },
    boundMs: severalWaitsMs,
  },
  '429 with Retry-After for a watch': {
    fault: refusedWatch(429, 2, '40'),
    boundMs: 80_000 + twoWaitsMs,
    told: ['connected false', 'failed throttled', 'failed throttled', 'connected true'],
  },
  '429 with Retry-After for a list': {
    fault: ({ server }) => {
      server.fail('list', { status: 429, retryAfter: '40' });
      server.secretly(() => change(server));
      server.errorEvent(410);
    },
    boundMs: 40_000 + twoWaitsMs,
    told: ['connected false', 'failed gone', 'relist gone', 'failed throttled', 'connected true'],
  },
  '401 for a while': { fault: refusedWatch(401, 4), boundMs: severalWaitsMs, told: refusals('unauthorized', 4) },
  '403 for a while': { fault: refusedWatch(403, 4), boundMs: severalWaitsMs, told: refusals('forbidden', 4) },
  '503 for a while': { fault: refusedWatch(503, 4), boundMs: severalWaitsMs, told: refusals('server_error', 4) },
  '401 and 403 for lists': {
    fault: ({ server }) => {
      for (const status of [401, 403, 401]) server.fail('list', { status });
      server.secretly(() => change(server));
      server.errorEvent(410);
    },
    boundMs: severalWaitsMs,
  },
  'lists that fail with 5xx, and one that is half a document': {
    fault: ({ server }) => {
      for (const status of [500, 502, 503, 504]) server.fail('list', { status });
      server.fail('list', 'garbage');
      server.secretly(() => change(server));
      server.errorEvent(410);
    },
    boundMs: severalWaitsMs,
  },
  'a watch that fails in a way that leaves its position in doubt': {
    fault: refusedWatch(504, 1),
    boundMs: twoWaitsMs,
    told: ['connected false', 'failed server_error', 'relist failed', 'connected true'],
  },
  'a token that has expired, then a new one': {
    fault: async ({ server, followed }) => {
      server.acceptOnly('second-token');
      server.reset();
      change(server);
      await followed.until('401', () => followed.told.includes('failed unauthorized'));
      server.writeToken('second-token');
    },
    boundMs: severalWaitsMs,
  },
  'a new authority, which arrives later than the certificate that it signed': {
    fault: async ({ server, followed }) => {
      const authority = server.changeAuthority();
      server.reset();
      change(server);
      await followed.until('distrust', () => followed.told.includes('failed untrusted'));
      server.writeAuthority(authority);
    },
    boundMs: severalWaitsMs,
  },
  'events told twice': {
    fault: ({ server }) =>
      server.reordered(
        () => change(server),
        (events) => events.flatMap((event) => [event, event]),
      ),
    boundMs: 0,
    told: [],
  },
  'events told again later': {
    fault: ({ server }) =>
      server.reordered(
        () => change(server),
        (events) => [...events, ...events],
      ),
    boundMs: oneWaitMs,
    told: [],
  },
  'events out of order': {
    fault: ({ server }) =>
      server.reordered(
        () => {
          change(server);
          put(server, 'a', 'changed again');
          server.store.remove(secretsPath, 'new');
        },
        (events) => events.toReversed(),
      ),
    boundMs: oneWaitMs,
    told: ['relist disorder'],
  },
  'events that were never told': {
    fault: async ({ server, followed }) => {
      server.secretly(() => change(server));
      await passLook(server, followed);
    },
    boundMs: safetyRelistMaxMs + watchLagMs + requestTimeoutMs,
    told: ['missed 3', 'relist missed'],
  },
};

function refusals(reason: string, times: number): readonly string[] {
  return ['connected false', ...Array<string>(times).fill(`failed ${reason}`), 'connected true'];
}

/** Moves time on to the look at everything, which is due after 7.5 minutes; small changes keep the watch alive on the way. */
async function passLook(server: FakeApiServer, followed: Followed): Promise<void> {
  for (let halfMinute = 1; halfMinute <= 15; halfMinute += 1) {
    put(server, 'tick', `${halfMinute}`);
    const { resourceVersion } = server.store;
    await followed.until('a tick', () => followed.versions().get('tick') === resourceVersion);
    assert.not(followed.told.includes('relist missed'));
    await followed.clock.advance(30_000);
  }
  await followed.untilInTime('a relist', () => followed.told.includes('relist missed'));
}

for (const [title, { fault, boundMs, told }] of Object.entries(cases)) {
  test(`${title}: the store becomes the truth`, async () => {
    const faulty = await openFaulty();
    const { server, followed, truth } = faulty;
    await followed.until('the watch', () => followed.told.includes('connected true'));
    const toldBefore = followed.told.length;
    const from = followed.clock.now();
    await fault(faulty);
    await followed.untilEqual(truth);
    const tookMs = followed.clock.now() - from;
    assert.ok(tookMs <= boundMs, `took ${tookMs} ms, at most ${boundMs}`);

    await followed.until('an open watch', () => server.openWatches === 1 && followed.reflector.state === 'watching');
    put(server, 'afterwards');
    await followed.untilEqual(truth);
    assert.is(server.watchesAtOnce, 1);
    const other = followed.told.slice(toldBefore).filter((line) => !line.startsWith('change'));
    if (told !== undefined) assert.equal(other, told);
    assert.not(other.includes('broken'));
    await faulty.close();
  });
}

test.run();
