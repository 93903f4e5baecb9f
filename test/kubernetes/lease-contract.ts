/**
 * Holders of one Lease over an API server, killed in turns. Each holder has a clock of its own that starts elsewhere; time passes for all of
 * them alike.
 */
import * as assert from 'uvu/assert';
import { createElection, type Election } from '../../pkg/kubernetes/lease.ts';
import { kubernetesLimits } from '../../pkg/process/limits.ts';
import { createManualClock, type ManualClock } from '../../pkg/process/manual-clock.ts';
import type { KubeCluster } from '../services/kube-cluster.ts';
import { until } from '../services/until.ts';
import type { Define } from './reflector-contract.ts';

/** Scaled: only their proportions matter. */
const times = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000, tenureMs: 60_000, requestTimeoutMs: 4_000 };

interface Holder {
  readonly election: Election;
  readonly clock: ManualClock;
  /** Requests begun and not answered. */
  readonly busy: () => number;
  /** It is gone without a word: no request of it arrives any more. */
  kill(): void;
  readonly told: readonly string[];
}

/** @param at  each has its own wall clock and its own chance */
const openHolder = (cluster: KubeCluster, identity: string, at: number): Holder => {
  const clock = createManualClock(Date.UTC(2026 - at, 0, 1));
  const { leases } = cluster.client(clock);
  const told: string[] = [];
  let isKilled = false;
  let busy = 0;
  const counted =
    <A extends readonly unknown[], R>(ask: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (isKilled) return new Promise<R>(() => {});
      busy += 1;
      try {
        return await ask(...args);
      } finally {
        busy -= 1;
      }
    };
  const election = createElection({
    leases: { read: counted(leases.read), create: counted(leases.create), replace: counted(leases.replace) },
    lease: { namespace: cluster.namespace, name: 'leader' },
    identity,
    clock,
    random: () => [0.9, 0.1, 0.5][at] ?? 0,
    times,
    hooks: { onLeading: () => void told.push('leading'), onLost: () => void told.push('lost') },
  });
  election.start();
  return {
    election,
    clock,
    told,
    busy: () => busy,
    kill: () => {
      isKilled = true;
    },
  };
};

const stepMs = 250;
const longestRetryMs = times.retryMs * (1 + kubernetesLimits.leaseRetryJitter);

/** Lets this much time pass for all of them, in small steps, waiting for the server's answers in between.
 * @returns the most that led at once, and when the last one that was told began to lead */
const pass = async (holders: readonly Holder[], ms: number): Promise<{ readonly most: number }> => {
  let most = 0;
  for (let passed = 0; passed < ms; passed += stepMs) {
    for (const { clock } of holders) await clock.advance(stepMs);
    await until('the answers', async () => {
      if (holders.some(({ busy }) => busy() > 0)) throw new Error('busy');
    });
    for (const { clock } of holders) await clock.advance(0);
    most = Math.max(most, leadersOf(holders).length);
  }
  return { most };
};

const leadersOf = (holders: readonly Holder[]): readonly Holder[] => holders.filter(({ election }) => election.leading);

const passUntilLed = async (holders: readonly Holder[]): Promise<number> => {
  const [first] = holders;
  const from = first?.clock.now() ?? 0;
  for (let step = 0; step < 200 && leadersOf(holders).length === 0; step += 1) await pass(holders, stepMs);
  return (first?.clock.now() ?? 0) - from;
};

export const leaseContract = (define: Define): void => {
  const openAll = (cluster: KubeCluster) =>
    ['one', 'two', 'three'].map((identity, at) => openHolder(cluster, identity, at));

  define('one of them leads, and goes on leading', async (cluster) => {
    const holders = openAll(cluster);
    await passUntilLed(holders);
    const [leader] = leadersOf(holders);
    const { most } = await pass(holders, 40_000);
    assert.is(most, 1);
    assert.equal(leadersOf(holders), [leader]);
    assert.equal(leader?.told, ['leading']);
    for (const { election } of holders) await election.stop();
  });

  define('holders that are killed in turns are followed after the lease, and never two lead', async (cluster) => {
    const holders = openAll(cluster);
    const killed: Holder[] = [];
    for (let left = holders.length; left > 1; left -= 1) {
      await passUntilLed(holders.filter((holder) => !killed.includes(holder)));
      await pass(holders, 4_000);
      const [leader] = leadersOf(holders);
      leader?.kill();
      if (leader) killed.push(leader);
      // The dead one would have noticed by now that it leads no more.
      const { most } = await pass(holders, times.renewMs + stepMs);
      assert.is(most, 1);
      assert.equal(leadersOf(holders), []);
      const waited = await passUntilLed(holders);
      // They saw the last renewal one wait after it was made, and look again one wait after they may take over.
      assert.ok(waited <= times.leaseMs + 2 * longestRetryMs + stepMs - times.renewMs, `waited ${waited} ms`);
      assert.is(leadersOf(holders).length, 1);
    }
    for (const holder of holders) if (!killed.includes(holder)) await holder.election.stop();
  });

  define('a leader that stops is followed at once', async (cluster) => {
    const holders = openAll(cluster);
    await passUntilLed(holders);
    const [leader] = leadersOf(holders);
    await leader?.election.stop();
    assert.equal(leader?.told, ['leading', 'lost']);
    const waited = await passUntilLed(holders);
    assert.ok(waited <= longestRetryMs + stepMs, `waited ${waited} ms`);
    const { leaseTransitions } = Object(await cluster.read('leases', 'leader')).spec;
    assert.is(leaseTransitions, 1);
    for (const { election } of holders) await election.stop();
  });

  define('a Lease that somebody deletes is made again', async (cluster) => {
    const holders = openAll(cluster);
    await passUntilLed(holders);
    await cluster.remove('leases', 'leader');
    const { most } = await pass(holders, 10_000);
    assert.ok(most <= 2, 'the deletion may let another one in until the first notices');
    assert.is(leadersOf(holders).length, 1);
    for (const { election } of holders) await election.stop();
  });
};
