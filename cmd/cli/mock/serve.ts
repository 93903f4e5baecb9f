/** The servers of the mock: the real pipeline over its tenants, and the fake CXone beside it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createDataActionHandler } from '../../../pkg/http/data-action.ts';
import { createGate } from '../../../pkg/http/gate.ts';
import { createHttpServer, type HttpServer } from '../../../pkg/http/http-server.ts';
import { createTrafficListener } from '../../../pkg/http/traffic-listener.ts';
import type { Clock } from '../../../pkg/process/clock.ts';
import { processLimits, requestLimits } from '../../../pkg/process/limits.ts';
import { mockLimits } from '../../../pkg/process/mock-limits.ts';
import type { LiveTenant } from '../../../pkg/registry/live-tenant.ts';
import type { FailureReason } from '../../../pkg/webhook/signature.ts';
import { createFakeCxone, type FakeAccount } from '../fake-cxone.ts';
import { UsageError } from '../flag.ts';
import { type AnsweredRequest, answeredRequest } from './request-line.ts';

interface ServeOptions {
  readonly clock: Clock;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  tenant(tenantId: string): LiveTenant | undefined;
  /** Left out: no fake CXone. */
  readonly cxone?: { readonly port: number; readonly accounts: readonly FakeAccount[] };
  onAnswered(request: AnsweredRequest): void;
}

export interface Servers {
  readonly url: string;
  readonly cxoneUrl: string | undefined;
  /** Resolves when what was in flight has ended. */
  stop(): Promise<void>;
}

/** What becomes known of a request beside its summary. */
interface Story {
  reason?: FailureReason;
}

/** Where it can be reached from this machine. */
const urlOf = (host: string, port: number): string => {
  if (host === '0.0.0.0' || host === '::') return `http://127.0.0.1:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
};

const troubles: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken; 0 takes a free one',
  EACCES: 'may not be listened on',
};

const listen = async (server: HttpServer, flag: string, port: number): Promise<number> => {
  try {
    return await server.start();
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    if (typeof code !== 'string') throw error;
    const trouble = troubles[code];
    throw new UsageError(
      trouble === undefined ? `--host: cannot be listened on (${code})` : `--${flag}: ${port} ${trouble}`,
    );
  }
};

const createTraffic = ({ clock, host, port, tenant, onAnswered }: ServeOptions) => {
  const stories = new AsyncLocalStorage<Story>();
  const gate = createGate({
    requestsMax: processLimits.requestsInFlightMax,
    bodyBytesMax: processLimits.bodyBytesInFlightMax,
  });
  const tell = (summary: Parameters<typeof answeredRequest>[0]) =>
    onAnswered(answeredRequest(summary, { wallMs: clock.wall(), reason: stories.getStore()?.reason }));
  const dataAction = createDataActionHandler({
    clock,
    gate,
    tenant,
    bodyBytesMax: requestLimits.bodyBytesMax,
    bodyTimeoutMs: requestLimits.bodyTimeoutMs,
    hooks: {
      onAnswered: tell,
      onAbandoned: () => {},
      onSignatureFailure: (reason) => {
        const story = stories.getStore();
        if (story) story.reason = reason;
      },
      onKeyUsed: () => {},
    },
  });
  const listener = createTrafficListener({
    dataAction: (request, response) => stories.run({}, () => dataAction(request, response)),
    onRefused: tell,
    closing: () => gate.state() !== 'open',
  });
  return { gate, server: createHttpServer({ host, port, clock, listener }) };
};

const createCxone = ({ clock, host, cxone }: ServeOptions, origin: () => string): HttpServer | undefined => {
  if (!cxone) return undefined;
  const { listener } = createFakeCxone({ accounts: cxone.accounts, origin });
  return createHttpServer({ host, port: cxone.port, clock, listener });
};

/** @throws UsageError for a port or host that cannot be listened on */
export const serve = async (options: ServeOptions): Promise<Servers> => {
  const { host, port, cxone } = options;
  const { gate, server } = createTraffic(options);
  let cxoneUrl: string | undefined;
  const fake = createCxone(options, () => cxoneUrl ?? '');
  const stop = async (): Promise<void> => {
    gate.drain();
    await Promise.all([server, fake].map((each) => each?.stop(mockLimits.stopMs)));
  };
  const url = urlOf(host, await listen(server, 'port', port));
  try {
    if (fake && cxone) cxoneUrl = urlOf(host, await listen(fake, 'cxone-port', cxone.port));
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, cxoneUrl, stop };
};
