/**
 * One request to a CXone host, on a pooled connection and within a deadline: what comes back is bounded, and redirects are
 * not followed. Each client has connections of its own: tenants share hosts, and one that is slow must not hold up another.
 *
 * A request whose deadline passes is really cancelled. undici's own time-outs are off, since they run on the system's timers.
 */
import { Agent, type buildConnector, type Dispatcher } from 'undici';
import type { Clock } from '../process/clock.ts';
import { cxoneLimits } from '../process/limits.ts';
import type { Deadline } from '../resilience/deadline.ts';
import { parseRetryAfter } from '../resilience/retry-after.ts';
import { ExchangeError } from './exchange-error.ts';

export interface OutboundRequest {
  readonly method: string;
  readonly origin: string;
  /** With its query, as it is to be sent: nothing is resolved or encoded here. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** A longer answer is garbage. */
  readonly bytesMax: number;
}

export interface OutboundResponse {
  /** 200 to 299. */
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
}

export interface Outbound {
  /** @throws ExchangeError */
  send(request: OutboundRequest, deadline: Deadline): Promise<OutboundResponse>;
  /** Ends every connection. */
  stop(): Promise<void>;
}

interface OutboundOptions {
  readonly clock: Clock;
  /** From guarded-connect.ts. */
  readonly connect: buildConnector.connector;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const single = (headers: Headers, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

const readBody = async (body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    // Leaving the loop destroys the body, and with it the connection.
    if (bytes > bytesMax) throw new ExchangeError('garbage', { detail: 'too large' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

export const createOutbound = ({ clock, connect }: OutboundOptions): Outbound => {
  const agent = new Agent({
    connect,
    connections: cxoneLimits.connectionsMax,
    keepAliveTimeout: cxoneLimits.keepAliveMs,
    keepAliveMaxTimeout: cxoneLimits.keepAliveMs,
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
  });

  /** Reads it to its end, so that the connection can be used again; what it says is nobody's business. Never rejects. */
  const discard = (body: Dispatcher.ResponseData['body'], limit: number): Promise<void> => {
    const cancel = clock.after(cxoneLimits.discardMs, () => body.destroy());
    return body
      .dump({ limit })
      .catch(() => {})
      .finally(cancel);
  };

  const exchange = async (request: OutboundRequest, signal: AbortSignal): Promise<OutboundResponse> => {
    const { origin, path, method, headers, body = null, bytesMax } = request;
    const response = await agent.request({ origin, path, method, headers, body, signal });
    const { statusCode: status } = response;
    if (status < 200 || status > 299) {
      await discard(response.body, bytesMax);
      const bounds = { wallMs: clock.wall(), msMax: cxoneLimits.retryAfterMsMax };
      const retryAfterMs = parseRetryAfter(single(response.headers, 'retry-after'), bounds);
      throw new ExchangeError('status', { status, retryAfterMs });
    }
    const contentType = single(response.headers, 'content-type');
    return { status, contentType, body: await readBody(response.body, bytesMax) };
  };

  return {
    send: async (request, deadline) => {
      if (deadline.expired()) throw new ExchangeError('timeout');
      const startedAt = clock.now();
      const abort = new AbortController();
      const stopWatching = deadline.onExpire((error) => abort.abort(error));
      try {
        return await exchange(request, abort.signal);
      } catch (error) {
        if (error instanceof ExchangeError) throw error;
        if (abort.signal.aborted) throw new ExchangeError('timeout', { waitedMs: clock.now() - startedAt });
        throw new ExchangeError('network', { cause: error });
      } finally {
        stopWatching();
      }
    },
    stop: () => agent.destroy(),
  };
};
