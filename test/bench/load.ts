/**
 * The load, in a process of its own: callers that each wait for an answer before they ask again (closed loop).
 *
 * Bodies are made and signed before the clock runs. Parameters and result travel over the IPC channel.
 */
import { Pool } from 'undici';
import { hmacBody } from '../../pkg/webhook/hmac-body.ts';
import { defaultAction } from '../services/handler.ts';
import { secretOf } from '../services/tenants.ts';
import { quantile } from './quantile.ts';
import { customerIdOf } from './scenarios.ts';

export interface RequestsOfOneKind {
  readonly tenantId: string;
  /** Ids in one request. */
  readonly batch: number;
  /** Requests repeat within this many different ids. */
  readonly ids: number;
}

export interface LoadOrder {
  readonly url: string;
  readonly requests: RequestsOfOneKind;
  readonly callers: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 200. */
  readonly failed: number;
}

interface SignedBody {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const bodiesMade = 4_000;
const signing = { header: 'X-CXone-Signature', encoding: 'Hex', toleranceSeconds: 300 } as const;

const signedBody = ({ tenantId, batch, ids }: RequestsOfOneKind): SignedBody => {
  const start = Math.floor(Math.random() * ids);
  const customer_ids = Array.from({ length: batch }, (_, index) => customerIdOf(((start + index * 37) % ids) + 1));
  const input = { tenant_id: tenantId, customer_ids };
  const body = Buffer.from(JSON.stringify({ action: defaultAction, input }));
  return {
    body,
    headers: { 'content-type': 'application/json', ...hmacBody.sign(signing, secretOf(tenantId), body, 0) },
  };
};

export const runLoad = async (order: LoadOrder): Promise<LoadResult> => {
  const bodies = Array.from({ length: bodiesMade }, () => signedBody(order.requests));
  const pool = new Pool(order.url, { connections: order.callers, pipelining: 1 });
  const latencies: number[] = [];
  let failed = 0;
  let next = 0;
  const from = performance.now() + order.warmUpMs;
  const until = from + order.durationMs;

  const call = async (): Promise<void> => {
    for (let started = performance.now(); started < until; started = performance.now()) {
      const signed = bodies[next++ % bodies.length];
      if (!signed) return;
      const answer = await pool.request({ method: 'POST', path: '/data-action', ...signed });
      await answer.body.dump();
      if (started < from) continue;
      latencies.push(performance.now() - started);
      if (answer.statusCode !== 200) failed += 1;
    }
  };

  await Promise.all(Array.from({ length: order.callers }, call));
  const elapsedMs = performance.now() - from;
  await pool.close();
  const sorted = Float64Array.from(latencies).sort();
  return {
    requests: sorted.length,
    requestsPerSecond: (sorted.length / elapsedMs) * 1_000,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    failed,
  };
};

const isOrder = (message: unknown): message is LoadOrder =>
  typeof message === 'object' && message !== null && 'requests' in message;

process.on('message', (message) => {
  if (isOrder(message)) void runLoad(message).then((result) => process.send?.(result, () => process.disconnect()));
});
