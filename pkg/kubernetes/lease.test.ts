import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kubernetesLimits } from '../process/limits.ts';
import { createManualClock, type ManualClock } from '../process/manual-clock.ts';
import { type ApiResult, failed, succeeded } from './api-result.ts';
import { createElection, type Election, leaseTimes } from './lease.ts';
import type { LeaseClaim, LeaseRecord } from './lease-record.ts';
import { leaseTurn, observe } from './lease-turn.ts';
import type { Leases, SeenLease } from './leases.ts';

const { leaseMs, leaseRenewMs, leaseRetryMs, leaseTenureMs, leaseRequestTimeoutMs } = kubernetesLimits;

const record = (fields: Partial<LeaseRecord> = {}): LeaseRecord => ({
  resourceVersion: '1',
  holder: 'other',
  durationMs: leaseMs,
  acquireTime: 't0',
  renewTime: 't1',
  transitions: 3,
  ...fields,
});
const me = { identity: 'me', isFit: true };
const seen = (fields: Partial<LeaseRecord> = {}): SeenLease => ({ record: record(fields), metadata: {} });

test('a holder is waited for as long as its own duration, from when its record was first seen here', () => {
  const observation = { seen: seen({ durationMs: 20_000 }), at: 1_000 };
  assert.equal(leaseTurn(observation, me, 20_999), { kind: 'wait' });
  assert.equal(leaseTurn(observation, me, 21_000), { kind: 'claim', transitions: 4, isOurs: false });
});

test('who is not fit waits for as long again, for one that is; what is ours stays so', () => {
  const unfit = { identity: 'me', isFit: false };
  for (const [holder, freeAt] of [
    ['other', 21_000],
    ['', 1_000],
  ] as const) {
    const observation = { seen: seen({ holder, durationMs: 20_000 }), at: 1_000 };
    assert.equal(leaseTurn(observation, unfit, freeAt + 19_999), { kind: 'wait' });
    assert.equal(leaseTurn(observation, unfit, freeAt + 20_000), { kind: 'claim', transitions: 4, isOurs: false });
  }
  assert.is(leaseTurn({ seen: seen({ holder: 'me' }), at: 0 }, unfit, 0).kind, 'claim');
});

test('a Lease that is ours or nobody’s is claimed; only another holder counts as a transition', () => {
  assert.equal(leaseTurn({ seen: seen({ holder: 'me' }), at: 0 }, me, 0), {
    kind: 'claim',
    transitions: 3,
    isOurs: true,
  });
  assert.equal(leaseTurn({ seen: seen({ holder: '' }), at: 0 }, me, 0), {
    kind: 'claim',
    transitions: 4,
    isOurs: false,
  });
});

test('a record that did not change is as old as before, whatever version the object has by now', () => {
  const first = observe(undefined, seen(), 5);
  assert.equal(observe(first, seen({ resourceVersion: '2' }), 9), { seen: seen({ resourceVersion: '2' }), at: 5 });
  for (const change of [
    { renewTime: 't2' },
    { holder: 'new' },
    { transitions: 4 },
    { durationMs: 1 },
    { acquireTime: 't' },
  ]) {
    assert.is(observe(first, seen(change), 9).at, 9, JSON.stringify(change));
  }
});

/** One Lease, as an API server holds it; each answer can be held back or made to fail. */
const createServer = () => {
  let held: SeenLease | undefined;
  let version = 0;
  const state: { fault: ApiResult<never> | undefined; isSilent: boolean; losesAnswers: boolean; asks: number } = {
    fault: undefined,
    isSilent: false,
    /** To writes that were taken. */
    losesAnswers: false,
    asks: 0,
  };
  const write = ({ holder, durationMs, acquiredAtMs, renewedAtMs, transitions }: LeaseClaim): ApiResult<SeenLease> => {
    version += 1;
    const times = { acquireTime: `${acquiredAtMs}`, renewTime: `${renewedAtMs}` };
    held = seen({ resourceVersion: `${version}`, holder, durationMs, transitions, ...times });
    return succeeded(held);
  };
  const ask =
    (clock: ManualClock, answer: () => ApiResult<SeenLease>) =>
    async (timeoutMs = Number.POSITIVE_INFINITY, signal?: AbortSignal): Promise<ApiResult<SeenLease>> => {
      state.asks += 1;
      const before = held;
      const result = state.isSilent ? undefined : (state.fault ?? answer());
      const isLost = state.losesAnswers && held !== before;
      if (result !== undefined && !isLost) return result;
      return new Promise((resolve) => {
        const cancel = clock.after(Math.min(timeoutMs, 1e9), () => resolve(failed('timed_out')));
        signal?.addEventListener('abort', () => {
          cancel();
          resolve(failed('stopped'));
        });
      });
    };
  const leasesFor = (clock: ManualClock): Leases => ({
    read: (_lease, options) =>
      ask(clock, () => (held ? succeeded(held) : failed('not_found')))(options?.timeoutMs, options?.signal),
    create: (_lease, claim, options) =>
      ask(clock, () => (held ? failed('conflict') : write(claim)))(options?.timeoutMs, options?.signal),
    replace: (known, claim, options) =>
      ask(clock, () => {
        if (!held) return failed('not_found');
        return known.record.resourceVersion === held.record.resourceVersion ? write(claim) : failed('conflict');
      })(options?.timeoutMs, options?.signal),
  });
  const remove = (): void => {
    held = undefined;
  };
  return { leasesFor, state, write, held: () => held?.record, remove };
};

const open = (server: ReturnType<typeof createServer>, identity = 'me') => {
  const clock = createManualClock();
  const told: string[] = [];
  const state = { isFit: true };
  const election: Election = createElection({
    leases: server.leasesFor(clock),
    lease: { namespace: 'here', name: 'leader' },
    identity,
    isFit: () => state.isFit,
    clock,
    random: () => 0.5,
    hooks: {
      onLeading: () => void told.push('leading'),
      onLost: () => void told.push('lost'),
      onFailure: ({ reason }) => void told.push(reason),
    },
  });
  return { clock, told, election, state };
};

const claimOf = (holder: string, renewedAtMs = 0): LeaseClaim => ({
  holder,
  durationMs: leaseMs,
  acquiredAtMs: 0,
  renewedAtMs,
  transitions: 7,
});

test('following -> leading: a Lease that is not there is created', async () => {
  const server = createServer();
  const { clock, told, election } = open(server);
  election.start();
  election.start();
  await clock.advance(0);
  assert.ok(election.leading);
  assert.equal(told, ['leading']);
  assert.is(server.held()?.holder, 'me');
  assert.is(server.held()?.durationMs, leaseMs);
});

test('leading: renewed with one request every retry period', async () => {
  const server = createServer();
  const { clock, told, election } = open(server);
  election.start();
  await clock.advance(0);
  const { acquireTime, renewTime } = server.held() ?? record();
  const asks = server.state.asks;
  await clock.advance(10 * leaseRetryMs);
  assert.is(server.state.asks, asks + 10);
  assert.is(server.held()?.acquireTime, acquireTime);
  assert.is.not(server.held()?.renewTime, renewTime);
  assert.is(server.held()?.transitions, 0);
  assert.equal(told, ['leading']);
});

test('following: a holder that renews is never taken for silent, even with a clock far behind', async () => {
  const server = createServer();
  const { clock, told, election } = open(server);
  election.start();
  for (let renewal = 1; renewal <= 20; renewal += 1) {
    server.write(claimOf('other', renewal));
    await clock.advance(leaseMs - leaseRetryMs * 2.2);
  }
  assert.equal(told, []);
  await clock.advance(leaseMs + 2.2 * leaseRetryMs);
  assert.equal(told, ['leading']);
  assert.is(server.held()?.transitions, 8);
});

for (const [title, fault] of [
  ['requests that fail', { fault: failed('unreachable') }],
  ['requests that are not answered', { isSilent: true }],
] as const) {
  test(`leading -> following: after ${title} for the renew deadline, counted from the last renewal`, async () => {
    const server = createServer();
    const { clock, told, election } = open(server);
    election.start();
    await clock.advance(leaseRetryMs);
    Object.assign(server.state, fault);
    await clock.advance(leaseRenewMs - 1);
    assert.ok(election.leading);
    await clock.advance(1);
    assert.not(election.leading);
    assert.is(told.filter((line) => line === 'lost').length, 1);
    assert.ok(told.includes(title === 'requests that fail' ? 'unreachable' : 'timed_out'));
    Object.assign(server.state, { fault: undefined, isSilent: false });
    await clock.advance(leaseRequestTimeoutMs + 2.2 * leaseRetryMs);
    assert.ok(election.leading, 'and it leads again when nobody else took it');
    assert.is(server.held()?.transitions, 0);
  });
}

test('leading -> following: at once when another holder is seen', async () => {
  const server = createServer();
  const { clock, told, election } = open(server);
  election.start();
  await clock.advance(0);
  server.write(claimOf('other'));
  await clock.advance(leaseRetryMs);
  assert.equal(told, ['leading', 'lost']);
});

test('leading -> following: one that is not fit any more leads no more, and lets go of the Lease for one that is', async () => {
  const server = createServer();
  const { clock, told, election, state } = open(server);
  election.start();
  await clock.advance(0);
  state.isFit = false;
  assert.not(election.leading, 'at once');
  await clock.advance(leaseRetryMs);
  assert.equal([told, server.held()?.holder, server.held()?.durationMs], [['leading', 'lost'], '', leaseMs]);
  state.isFit = true;
  await clock.advance(2.2 * leaseRetryMs);
  assert.ok(election.leading);
});

test('where nobody is fit one leads all the same, and lets go now and then', async () => {
  const server = createServer();
  const { clock, told, election, state } = open(server);
  state.isFit = false;
  server.write(claimOf(''));
  election.start();
  await clock.advance(leaseMs - 1);
  assert.equal(told, []);
  await clock.advance(2.2 * leaseRetryMs);
  assert.ok(election.leading);
  await clock.advance(leaseTenureMs - 2.2 * leaseRetryMs);
  assert.ok(election.leading);
  await clock.advance(2.2 * leaseRetryMs);
  assert.equal([election.leading, server.held()?.holder], [false, '']);
  await clock.advance(leaseMs + 2.2 * leaseRetryMs);
  assert.ok(election.leading);
  state.isFit = true;
  await clock.advance(2 * leaseTenureMs);
  assert.equal(told, ['leading', 'lost', 'leading'], 'fit meanwhile: it stays');
});

test('a process that stood still does not take itself for the leader when it wakes up', async () => {
  const server = createServer();
  const clock = createManualClock();
  let sleptMs = 0;
  const election = createElection({
    leases: server.leasesFor(clock),
    lease: { namespace: 'here', name: 'leader' },
    identity: 'me',
    // Time goes on, and no timer has fired yet.
    clock: { ...clock, now: () => clock.now() + sleptMs },
  });
  election.start();
  await clock.advance(0);
  assert.ok(election.leading);
  sleptMs = leaseRenewMs;
  assert.not(election.leading);
});

test('a renewal that was applied though its answer was lost is ours all the same', async () => {
  const server = createServer();
  const { clock, told, election } = open(server);
  election.start();
  await clock.advance(0);
  server.write({ ...claimOf('me', 1), transitions: 0 });
  await clock.advance(leaseRetryMs);
  assert.equal(told, ['leading']);
  assert.ok(election.leading);
});

test('a Lease that is deleted is created again by its holder', async () => {
  const server = createServer();
  const { clock, told, election } = open(server);
  election.start();
  await clock.advance(0);
  server.remove();
  await clock.advance(leaseRetryMs);
  assert.is(server.held()?.holder, 'me');
  assert.equal(told, ['leading']);
});

test('stopped: a leader lets go of the Lease after it has stopped to lead; a follower leaves it alone', async () => {
  const server = createServer();
  const leader = open(server);
  const follower = open(server, 'follower');
  leader.election.start();
  await leader.clock.advance(0);
  follower.election.start();
  await follower.clock.advance(0);
  await follower.election.stop();
  assert.is(server.held()?.holder, 'me');
  await leader.election.stop();
  await leader.election.stop();
  assert.equal(leader.told, ['leading', 'lost']);
  assert.is(server.held()?.holder, '');
  assert.is(server.held()?.transitions, 0);
  assert.equal([leader.clock.pending(), follower.clock.pending()], [0, 0]);
  leader.election.start();
  await leader.clock.advance(leaseMs);
  assert.is(server.held()?.holder, '');
});

test('stopped: a claim that was taken, but not answered yet, is let go of', async () => {
  const server = createServer();
  const { clock, told, election } = open(server);
  server.state.losesAnswers = true;
  election.start();
  await clock.advance(0);
  assert.equal([election.leading, server.held()?.holder], [false, 'me']);
  server.state.losesAnswers = false;
  await election.stop();
  assert.is(server.held()?.holder, '');
  assert.equal([told, clock.pending()], [[], 0]);
});

test('stopped: one that never began asks for nothing', async () => {
  const server = createServer();
  const { election } = open(server);
  await election.stop();
  assert.is(server.state.asks, 0);
});

test('stopped: within a bound, though nothing is answered', async () => {
  const server = createServer();
  const { clock, election } = open(server);
  election.start();
  await clock.advance(leaseRetryMs / 2);
  server.state.isSilent = true;
  await clock.advance(leaseRetryMs);
  let isStopped = false;
  const stopped = election.stop().then(() => {
    isStopped = true;
  });
  assert.not(election.leading);
  await clock.advance(kubernetesLimits.leaseReleaseMs);
  assert.ok(isStopped);
  await stopped;
});

test('a longer lease is renewed in the same proportion, and no leader outlives the wait for it', () => {
  const times = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000, tenureMs: 60_000, requestTimeoutMs: 4_000 };
  assert.equal(leaseTimes(), times);
  const longer = { leaseMs: 60_000, renewMs: 40_000, retryMs: 8_000, tenureMs: 240_000, requestTimeoutMs: 4_000 };
  assert.equal(leaseTimes(60_000), longer);
  for (const leaseMs of [kubernetesLimits.leaseMs, kubernetesLimits.leaseMsMax]) {
    const { renewMs, requestTimeoutMs } = leaseTimes(leaseMs);
    assert.ok(renewMs + requestTimeoutMs < leaseMs);
  }
});

test.run();
