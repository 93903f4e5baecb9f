/**
 * What callers notice of many changes: the handler's rate and latency at rest, while the same changes are made where nobody follows them (what
 * the API server and etcd take of this machine), and while they are made here. Rounds of all three are interleaved.
 *
 * The handler has a core to itself. All else shares the other one, where the load goes before API server, etcd and controller: what callers
 * notice is then the handler's doing.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ownDirectory } from '../../services/owned.ts';
import type { TenantCluster } from '../../services/tenant-cluster.ts';
import { type LoadResult, prepare, runClosedLoop } from '../closed-loop.ts';
import { childNamed, pin, stepBack } from '../processes.ts';
import { median } from '../quantile.ts';
import type { BenchPod } from './bench-pod.ts';
import { between, usedBy } from './process-figures.ts';
import { busyRequests, patchChange, tenantName } from './tenants.ts';

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

const changesAtOnceMax = 32;
/** Requests a second, more than are answered: none is sent twice. */
const rateMax = 30_000;
const [handlerCore, otherCore] = [0, 1];

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
  pin(process.pid, otherCore);
  for (const pid of [childNamed('kube-apiserver'), childNamed('etcd'), childNamed('postgres'), pod.controllerPid]) {
    pin(pid, otherCore);
    stepBack(pid);
  }
  pin(pod.handlerPid, handlerCore);
  const file = join(ownDirectory('bench'), 'requests');
  const requests = busyRequests();
  const results: Record<Situation, Round[]> = { rest: [], elsewhere: [], here: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const situation of ['rest', 'elsewhere', 'here'] as const) {
      await prepare(file, requests, rateMax * seconds);
      const changing = begin[situation]();
      const before = usedBy(pod.handlerPid);
      const load = await runClosedLoop({ url: pod.url, callers, seconds, file });
      const { cpuMs } = between(before, usedBy(pod.handlerPid));
      const changes = (await changing.stop()) / seconds;
      results[situation].push({ load, changes, cpuMs: cpuMs / load.requests });
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
