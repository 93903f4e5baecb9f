/**
 * What the handler says that it serves, kept up to date by asking: soon after each bundle and again until it has taken it over, then now
 * and then, since PostgreSQL may change its mind about a statement.
 *
 * A handler that does not answer is taken at its last word for as long as a restart takes; then it counts as serving nothing. Before that, or
 * when no callers are sent to it, it speaks for no other.
 */
import { type Clock, sleep } from '../process/clock.ts';
import { controllerLimits } from '../process/limits.ts';
import { createBackoff } from '../resilience/backoff.ts';
import type { TenantReport } from '../tenant/report.ts';
import type { ReportClient } from './fetch-report.ts';
import { createHeardTenants } from './heard-tenants.ts';

export interface HandlerReportHooks {
  /** Of these tenants it says something else than before. */
  readonly onTenants?: (tenantIds: readonly string[]) => void;
  /** It answers, or does not any more. Only changes are told. */
  readonly onReachable?: (reachable: boolean) => void;
}

export interface HandlerReport {
  tenant(tenantId: string): TenantReport | undefined;
  /** It answers and is ready, or was so a moment ago. */
  fit(): boolean;
  /** A bundle of this revision was written: asks soon. */
  expect(revision: string): void;
  start(): void;
  stop(): Promise<void>;
}

interface HandlerReportOptions {
  readonly client: ReportClient;
  readonly clock: Clock;
  readonly random?: () => number;
  readonly hooks?: HandlerReportHooks;
}

export const createHandlerReport = ({
  client,
  clock,
  random = Math.random,
  hooks = {},
}: HandlerReportOptions): HandlerReport => {
  const { reportRetryMinMs: minMs, reportRetryMaxMs: maxMs } = controllerLimits;
  const backoff = createBackoff({ minMs, maxMs, random });
  const stopping = new AbortController();
  const { signal } = stopping;
  const tenants = createHeardTenants();
  let heard: { readonly version: string | undefined; readonly revision: string } | undefined;
  let expected: string | undefined;
  /** Since the first failure after its last word. */
  let silentSince: number | undefined;
  /** Since the first time that it was not ready; before its first word it never was. */
  let unreadySince: number | undefined = Number.NEGATIVE_INFINITY;
  let reachable: boolean | undefined;
  let wake = new AbortController();
  let running: Promise<void> | undefined;

  const tell = (changed: readonly string[]): void => {
    if (changed.length > 0) hooks.onTenants?.(changed);
  };

  const reach = (is: boolean): void => {
    if (is !== reachable) hooks.onReachable?.(is);
    reachable = is;
  };

  const takeReady = (is: boolean): void => {
    unreadySince = is ? undefined : (unreadySince ?? clock.now());
  };

  /** @returns how long until the next time */
  const ask = async (): Promise<number> => {
    const answer = await client.fetch(heard?.version, signal);
    if (signal.aborted) return 0;
    reach(answer.ok);
    takeReady(answer.ok && (await client.ready(signal)));
    if (!answer.ok) {
      silentSince ??= clock.now();
      if (clock.now() - silentSince >= controllerLimits.handlerSilentMs) {
        heard = undefined;
        tell(tenants.clear());
      }
      return backoff.nextMs();
    }
    silentSince = undefined;
    const { version, report } = answer.value;
    if (report !== undefined) {
      heard = { version, revision: report.revision };
      tell(tenants.take(report));
    }
    if (expected !== undefined && heard?.revision !== expected) return backoff.nextMs();
    backoff.reset();
    return tenants.waits() || unreadySince !== undefined
      ? controllerLimits.reportWaitingMs
      : controllerLimits.reportIntervalMs;
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      wake = new AbortController();
      const waitMs = await ask();
      await sleep(clock, waitMs, wake.signal).catch(() => {});
    }
  };

  return {
    tenant: tenants.get,
    fit: () => unreadySince === undefined || clock.now() - unreadySince < controllerLimits.handlerUnreadyMs,
    expect: (revision) => {
      expected = revision;
      backoff.reset();
      wake.abort();
    },
    start: () => {
      if (!signal.aborted) running ??= run();
    },
    stop: async () => {
      stopping.abort();
      wake.abort();
      await running;
      await client.close();
    },
  };
};
