/**
 * What one change costs each process beyond what it uses at rest, and what of the bundle is written again.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { TenantCluster } from '../../services/tenant-cluster.ts';
import type { BenchPod } from './bench-pod.ts';
import { between, type Used, usedBy } from './process-figures.ts';
import { patchChange, tenantName } from './tenants.ts';

export interface CostOfChange {
  readonly controllerCpuMs: number;
  readonly handlerCpuMs: number;
  readonly bundleBytes: number;
  /** All that the controller writes, to the API server too. */
  readonly writtenBytes: number;
}

/** Longer than everything that follows a change takes. */
const betweenMs = 250;

interface Both {
  readonly controller: Used;
  readonly handler: Used;
}

/** Calls `each`, if given, so many times. */
const measure = async (pod: BenchPod, times: number, each?: (n: number) => Promise<void>): Promise<Both> => {
  const look = (): Both => ({ controller: usedBy(pod.controllerPid), handler: usedBy(pod.handlerPid) });
  const before = look();
  const began = performance.now();
  for (let n = 0; n < times; n += 1) {
    await each?.(n);
    // The whole takes as long with changes as without.
    await pause(Math.max(0, began + (n + 1) * betweenMs - performance.now()));
  }
  const after = look();
  return {
    controller: between(before.controller, after.controller),
    handler: between(before.handler, after.handler),
  };
};

/** Size by name and inode: a replaced file is another one. */
const shardsOf = (dir: string): ReadonlyMap<string, number> =>
  new Map(
    readdirSync(dir)
      .filter((name) => name.endsWith('.ndjson'))
      .map((name) => {
        const { ino, mtimeMs, size } = statSync(join(dir, name));
        return [`${name} ${ino} ${mtimeMs}`, size] as const;
      }),
  );

export const measureCostOfChange = async (
  cluster: TenantCluster,
  pod: BenchPod,
  { tenants, changes }: { readonly tenants: number; readonly changes: number },
): Promise<CostOfChange> => {
  const idle = await measure(pod, changes);
  let shards = shardsOf(pod.bundleDir);
  let bundleBytes = 0;
  const busy = await measure(pod, changes, async (n) => {
    const now = shardsOf(pod.bundleDir);
    for (const [file, size] of now) if (!shards.has(file)) bundleBytes += size;
    shards = now;
    await patchChange(cluster, tenantName((n * 7_919 + 1) % tenants), `cost ${n}`);
  });
  const perChange = (pick: (both: Both) => number): number => (pick(busy) - pick(idle)) / changes;
  return {
    controllerCpuMs: perChange(({ controller }) => controller.cpuMs),
    handlerCpuMs: perChange(({ handler }) => handler.cpuMs),
    // The last change is not looked at any more.
    bundleBytes: bundleBytes / (changes - 1),
    writtenBytes: perChange(({ controller }) => controller.writtenBytes),
  };
};
