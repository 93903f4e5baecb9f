/**
 * An open loop: requests leave at their appointed times, whether earlier ones were answered or not, and their latency counts from that
 * time. So a server that stalls is charged with everyone who would have called meanwhile (no coordinated omission).
 *
 * The first half second does not count: the load has just opened its connections then, and its compilers take the core that
 * PostgreSQL is on. On that core the load has the right of way, where it may take it: else it would wait there for its turn, and tell of that.
 *
 * A process of its own; its order and its result travel over the IPC channel.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ownProcess } from '../services/owned.ts';
import { createLeanClient, requestBytes } from './lean-client.ts';
import { quantile } from './quantile.ts';
import { createRequestMaker } from './request-maker.ts';
import type { AuditMode, Scenario } from './scenarios.ts';

export interface OpenLoopOrder {
  readonly url: string;
  readonly scenario: Scenario;
  readonly audit: AuditMode;
  readonly perSecond: number;
  /** That count. */
  readonly seconds: number;
  /** Open from the beginning on; default 512. */
  readonly connections?: number;
}

export interface OpenLoopResult {
  /** Answers with 200 for each second that counts, whenever their requests left: later ones count as latency only. */
  readonly answeredPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Other answers, broken connections, requests that could not leave since too many were under way, and those without an answer some
   * seconds after the last one left. */
  readonly failed: number;
  /** Of the failed: answers with 429 or 503. Their latency counts from when the request left. */
  readonly shed: number;
  readonly shedP50Ms: number;
  readonly shedP99Ms: number;
  /** How long after their appointed times requests left: the load's own fault. */
  readonly lateP99Ms: number;
  /** Of a core, that the load took itself while requests left. */
  readonly clientShare: number;
}

const underWayMax = 20_000;
const leadSeconds = 0.5;
/** For what is still under way when the last request has left. */
const waitedMs = 10_000;
const shedStatuses = new Set([429, 503]);

export const runOpenLoop = async (order: OpenLoopOrder): Promise<OpenLoopResult> => {
  const child = fork(fileURLToPath(import.meta.url));
  ownProcess(() => child.pid);
  child.send(order);
  const [result] = (await once(child, 'message')) as [OpenLoopResult];
  return result;
};

/**
 * Leaves the core to others: a load that turned in a circle would take PostgreSQL's, whose few processes then wait for it longer the
 * fewer they are. Requests leave up to a millisecond late for that.
 */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

const takeRightOfWay = (): void => {
  try {
    setPriority(constants.priority.PRIORITY_HIGH);
  } catch {
    // Root alone may.
  }
};

const load = async (order: OpenLoopOrder): Promise<OpenLoopResult> => {
  const { url, scenario, audit, perSecond, seconds, connections = 512 } = order;
  const maker = createRequestMaker(scenario, audit);
  const leading = Math.ceil(perSecond * leadSeconds);
  const requests = Array.from({ length: leading + Math.ceil(perSecond * seconds) }, () => requestBytes(maker.next()));
  const client = createLeanClient(url, connections);
  const [answered, shed, late]: [number[], number[], number[]] = [[], [], []];
  let [ended, underWay, inTime] = [0, 0, 0];
  await client.warm(connections);
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  const shareOfCore = (): number => {
    const { user, system } = process.cpuUsage(cpuBefore);
    return (user + system) / 1_000 / (performance.now() - began);
  };
  takeRightOfWay();
  let clientShare = 0;
  const isOn = (afterMs = 0): boolean => performance.now() - began < (leadSeconds + seconds) * 1_000 + afterMs;
  const isMeasured = (): boolean => isOn() && performance.now() - began >= leadSeconds * 1_000;
  const sinceAppointed = (place: number): number => performance.now() - began - (place * 1_000) / perSecond;

  const send = (request: Buffer, place: number): void => {
    if (underWay >= underWayMax) {
      ended += 1;
      return;
    }
    underWay += 1;
    const counts = place >= leading;
    const leftAt = performance.now();
    if (counts) late.push(sinceAppointed(place));
    client.send(request, (status) => {
      underWay -= 1;
      ended += 1;
      if (status === 200 && isMeasured()) inTime += 1;
      if (!counts) return;
      if (status === 200) answered.push(sinceAppointed(place));
      if (shedStatuses.has(status)) shed.push(performance.now() - leftAt);
    });
  };

  let sent = 0;
  while (ended < requests.length && isOn(waitedMs)) {
    const due = Math.min(requests.length, Math.floor(((performance.now() - began) * perSecond) / 1_000) + 1);
    for (; sent < due; sent += 1) send(requests[sent] ?? Buffer.alloc(0), sent);
    if (sent < requests.length) clientShare = shareOfCore();
    await pause();
  }
  client.close();
  const sorted = (values: readonly number[]) => Float64Array.from(values).sort();
  return {
    answeredPerSecond: inTime / seconds,
    p50Ms: quantile(sorted(answered), 0.5),
    p99Ms: quantile(sorted(answered), 0.99),
    maxMs: sorted(answered).at(-1) ?? 0,
    failed: requests.length - leading - answered.length,
    shed: shed.length,
    shedP50Ms: quantile(sorted(shed), 0.5),
    shedP99Ms: quantile(sorted(shed), 0.99),
    lateP99Ms: quantile(sorted(late), 0.99),
    clientShare,
  };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.once('message', (order: OpenLoopOrder) => {
    void load(order).then((result) => process.send?.(result, () => process.disconnect()));
  });
}
