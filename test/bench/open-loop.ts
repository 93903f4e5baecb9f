/**
 * An open loop: requests leave at their appointed times, whether earlier ones were answered or not, and their latency counts from that
 * time. So a server that stalls is charged with everyone who would have called meanwhile (no coordinated omission).
 *
 * A process of its own; its order and its result travel over the IPC channel.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { ownProcess } from '../services/owned.ts';
import { quantile } from './quantile.ts';
import { createRequestMaker } from './request-maker.ts';
import type { AuditMode, Scenario } from './scenarios.ts';

export interface OpenLoopOrder {
  readonly url: string;
  readonly scenario: Scenario;
  readonly audit: AuditMode;
  readonly perSecond: number;
  readonly seconds: number;
}

export interface OpenLoopResult {
  /** Answers with 200 for each second. */
  readonly answeredPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Other answers, broken connections, and requests that could not leave since too many were under way. */
  readonly failed: number;
}

const connections = 512;
const underWayMax = 20_000;

export const runOpenLoop = async (order: OpenLoopOrder): Promise<OpenLoopResult> => {
  const child = fork(fileURLToPath(import.meta.url));
  ownProcess(() => child.pid);
  child.send(order);
  const [result] = (await once(child, 'message')) as [OpenLoopResult];
  return result;
};

const load = async ({ url, scenario, audit, perSecond, seconds }: OpenLoopOrder): Promise<OpenLoopResult> => {
  const maker = createRequestMaker(scenario, audit);
  const requests = Array.from({ length: Math.ceil(perSecond * seconds) }, () => maker.next());
  const pool = new Pool(url, { connections, pipelining: 1 });
  const latencies: number[] = [];
  let [failed, underWay] = [0, 0];
  const began = performance.now();

  const send = async (place: number): Promise<void> => {
    const signed = requests[place];
    if (!signed || underWay >= underWayMax) {
      failed += 1;
      return;
    }
    underWay += 1;
    try {
      const answer = await pool.request({ method: 'POST', path: '/data-action', ...signed });
      await answer.body.dump();
      if (answer.statusCode === 200) latencies.push(performance.now() - began - (place * 1_000) / perSecond);
      else failed += 1;
    } catch {
      failed += 1;
    } finally {
      underWay -= 1;
    }
  };

  const sent: Promise<void>[] = [];
  while (sent.length < requests.length) {
    const due = Math.min(requests.length, Math.floor(((performance.now() - began) * perSecond) / 1_000) + 1);
    while (sent.length < due) sent.push(send(sent.length));
    await new Promise((resolve) => void setImmediate(resolve));
  }
  await Promise.all(sent);
  await pool.close();
  const sorted = Float64Array.from(latencies).sort();
  return {
    answeredPerSecond: sorted.length / seconds,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    maxMs: sorted.at(-1) ?? 0,
    failed,
  };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.once('message', (order: OpenLoopOrder) => {
    void load(order).then((result) => process.send?.(result, () => process.disconnect()));
  });
}
