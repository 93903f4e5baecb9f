/**
 * What callers notice of many changes: the handler's rate and latency at rest, while the same changes are made where nobody follows them (what
 * the API server and etcd take of this machine), and while they are made here. Rounds of all three are interleaved.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { TenantCluster } from '../../services/tenant-cluster.ts';
import type { LoadResult } from '../load.ts';
import { median } from '../quantile.ts';
import { startLoad } from '../start-load.ts';
import type { BenchPod } from './bench-pod.ts';
import { between, usedBy } from './process-figures.ts';
import { busyTenant, patchChange, tenantName } from './tenants.ts';

export interface LoadFigures {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
  /** As they could be made; 0 at rest. */
  readonly changesPerSecond: number;
  /** Of the handler, for each request: what the changes take of it, however busy the machine is otherwise. */
  readonly handlerCpuMs: number;
}

export type Situation = 'rest' | 'elsewhere' | 'here';

export interface UnderLoadOptions {
  readonly here: TenantCluster;
  /** Nobody follows it. */
  readonly elsewhere: TenantCluster;
  readonly tenants: number;
  readonly tenantsElsewhere: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly callers: number;
  readonly changesPerSecond: number;
}

const warmUpMs = 1_000;
const changesAtOnceMax = 32;
/** Few enough to be answered from memory. */
const ids = 1_000;

interface Changing {
  /** @returns how many were made */
  stop(): Promise<number>;
}

/** By the clock; one that finds too many others under way is left out. */
const keepChanging = (cluster: TenantCluster, tenants: number, perSecond: number): Changing => {
  let made = 0;
  let isOver = false;
  const underWay = new Set<Promise<void>>();
  const change = (n: number): void => {
    if (underWay.size >= changesAtOnceMax) return;
    const patch = patchChange(cluster, tenantName((n * 7_919) % tenants), `load ${n}`).then(() => {
      made += 1;
    });
    underWay.add(patch);
    void patch.finally(() => underWay.delete(patch));
  };
  const run = async (): Promise<void> => {
    const began = performance.now();
    for (let n = 0; !isOver; n += 1) {
      change(n);
      await pause(Math.max(0, began + ((n + 1) * 1_000) / perSecond - performance.now()));
    }
    await Promise.all(underWay);
  };
  const running = run();
  return {
    stop: async () => {
      isOver = true;
      await running;
      return made;
    },
  };
};

interface Round {
  readonly load: LoadResult;
  readonly changes: number;
  readonly cpuMs: number;
}

export const measureUnderLoad = async (
  pod: BenchPod,
  options: UnderLoadOptions,
): Promise<Readonly<Record<Situation, LoadFigures>>> => {
  const { here, elsewhere, tenants, tenantsElsewhere, rounds, seconds, callers, changesPerSecond } = options;
  const begin: Readonly<Record<Situation, () => Changing>> = {
    rest: () => ({ stop: async () => 0 }),
    elsewhere: () => keepChanging(elsewhere, tenantsElsewhere, changesPerSecond),
    here: () => keepChanging(here, tenants, changesPerSecond),
  };
  const requests = { tenantId: busyTenant, batch: 1, ids };
  const order = { url: pod.url, requests, callers, warmUpMs, durationMs: seconds * 1_000 };
  const results: Record<Situation, Round[]> = { rest: [], elsewhere: [], here: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const situation of ['rest', 'elsewhere', 'here'] as const) {
      const changing = begin[situation]();
      const before = usedBy(pod.handlerPid);
      const load = await startLoad(order);
      const { cpuMs } = between(before, usedBy(pod.handlerPid));
      const wholeSeconds = seconds + warmUpMs / 1_000;
      const changes = (await changing.stop()) / wholeSeconds;
      results[situation].push({ load, changes, cpuMs: cpuMs / (load.requestsPerSecond * wholeSeconds) });
      await pod.untilAtRest();
    }
  }
  const figuresOf = (situation: Situation): LoadFigures => {
    const of = (pick: (round: Round) => number) => median(results[situation].map(pick));
    return {
      requestsPerSecond: of(({ load }) => load.requestsPerSecond),
      p50Ms: of(({ load }) => load.p50Ms),
      p99Ms: of(({ load }) => load.p99Ms),
      failed: results[situation].reduce((sum, { load }) => sum + load.failed, 0),
      changesPerSecond: of(({ changes }) => changes),
      handlerCpuMs: of(({ cpuMs }) => cpuMs),
    };
  };
  return { rest: figuresOf('rest'), elsewhere: figuresOf('elsewhere'), here: figuresOf('here') };
};
