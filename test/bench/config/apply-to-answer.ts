/**
 * How long a change takes: from before `apply` is called until a signed request is answered with it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { TenantCluster } from '../../services/tenant-cluster.ts';
import { quantile } from '../quantile.ts';
import type { BenchPod } from './bench-pod.ts';
import { applyChange, tenantName } from './tenants.ts';

export interface ApplyToAnswer {
  readonly changes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const pollMs = 5;
/** So that no change meets the traces of the one before. */
const betweenMs = 100;
const answerMsMax = 60_000;

const measureOne = async (cluster: TenantCluster, pod: BenchPod, name: string, mark: string): Promise<number> => {
  const began = performance.now();
  const seen = async (): Promise<number> => {
    for (;;) {
      const answer = await pod.ask(name);
      const tookMs = performance.now() - began;
      if (answer.includes(`"${mark}"`)) return tookMs;
      if (tookMs > answerMsMax) throw new Error(`${name} still answers ${answer}`);
      await pause(pollMs);
    }
  };
  const [tookMs] = await Promise.all([seen(), applyChange(cluster, name, mark)]);
  return tookMs;
};

/** @param tenants  how many there are; each change is of another one, as far as there are others */
export const measureApplyToAnswer = async (
  cluster: TenantCluster,
  pod: BenchPod,
  { tenants, changes }: { readonly tenants: number; readonly changes: number },
): Promise<ApplyToAnswer> => {
  const times: number[] = [];
  for (let n = 0; n < changes; n += 1) {
    times.push(await measureOne(cluster, pod, tenantName((n * 7_919) % tenants), `change ${n}`));
    await pause(betweenMs);
  }
  times.sort((a, b) => a - b);
  return { changes, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99), maxMs: times.at(-1) ?? 0 };
};
