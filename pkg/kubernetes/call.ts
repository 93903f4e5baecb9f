/**
 * One API call: bounded in time and bytes, its answer read by a codec, its failure turned into plain data.
 */
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../process/clock.ts';
import { kubernetesLimits } from '../process/limits.ts';
import { type Codec, decode } from '../tenant/codec.ts';
import { failureOf, Unreadable } from './api-failure.ts';
import { type ApiResult, succeeded } from './api-result.ts';
import { createExchange, type Exchange } from './exchange.ts';
import type { Transport } from './transport.ts';

export interface CallOptions {
  /** Gives the call up. */
  readonly signal?: AbortSignal;
  /** Default: `requestTimeoutMs`. */
  readonly timeoutMs?: number;
}

/** @param send  makes the request with client-node
 * @returns never rejects */
export type Call = <A>(
  answer: Codec<A>,
  send: (config: KubeConfig) => Promise<unknown>,
  options?: CallOptions,
) => Promise<ApiResult<A>>;

export const createCall =
  (transport: Transport, clock: Clock): Call =>
  async (answer, send, { signal, timeoutMs = kubernetesLimits.requestTimeoutMs } = {}) => {
    const exchange = createExchange({ bytesMax: kubernetesLimits.answerBytesMax, counts: 'body' });
    const release = endWith(exchange, signal);
    const cancel = clock.after(timeoutMs, () => exchange.end('timed_out'));
    try {
      const read = decode(answer, await settled(send(transport.configFor(exchange)), exchange.signal));
      if (!read.ok) throw new Unreadable();
      return succeeded(read.value);
    } catch (error) {
      const failure = failureOf(error, exchange, clock.wall());
      if (failure.reason === 'unauthorized') transport.distrust();
      return { ok: false, failure };
    } finally {
      cancel();
      release();
    }
  };

/** Ends the exchange when the caller gives up.
 * @returns lets go of the caller's signal */
export const endWith = (exchange: Exchange, signal: AbortSignal | undefined): (() => void) => {
  const stop = () => exchange.end('stopped');
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  return () => signal?.removeEventListener('abort', stop);
};

/** Settles as `work` does, or rejects once the signal is aborted: what comes before the request (a plug-in that fetches a
 * token) does not listen to it. */
const settled = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
