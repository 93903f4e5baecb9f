/** The servers of the mock: the real pipeline over its tenants, and the fake CXone beside it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createDataActionHandler } from '../../../pkg/http/data-action.ts';
import { createGate } from '../../../pkg/http/gate.ts';
import { createHttpServer, type HttpServer } from '../../../pkg/http/http-server.ts';
import { ListenError } from '../../../pkg/http/listen-error.ts';
import { localUrl } from '../../../pkg/http/local-url.ts';
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

const listen = async (server: HttpServer, flag: string): Promise<number> => {
  try {
    return await server.start();
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    throw new UsageError(
      error.setting === 'host' ? `--host: ${error.message}` : `--${flag}: ${error.message}; 0 takes a free one`,
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
  const { host } = options;
  const { gate, server } = createTraffic(options);
  let cxoneUrl: string | undefined;
  const fake = createCxone(options, () => cxoneUrl ?? '');
  const stop = async (): Promise<void> => {
    gate.drain();
    await Promise.all([server, fake].map((each) => each?.stop(mockLimits.stopMs)));
  };
  const url = localUrl(host, await listen(server, 'port'));
  try {
    if (fake) cxoneUrl = localUrl(host, await listen(fake, 'cxone-port'));
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, cxoneUrl, stop };
};
