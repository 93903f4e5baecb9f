/**
 * The CXone clients of all tenants. A client (its token, its breaker, its rate, its connections) belongs to a tenant's settings and secrets:
 * it lives across changes of configuration that do not touch them.
 *
 * Of a tenant there are at most two: the one its live configuration uses, and one that was compiled for a newer one and is
 * waiting to be taken over. `adopt`, `park` and `remove` take entries out; calls under way finish on the client they began with.
 */
import { hash } from 'node:crypto';
import type { AppError } from '../errors/app-error.ts';
import type { Clock } from '../process/clock.ts';
import { cxoneLimits } from '../process/limits.ts';
import { type Breaker, type BreakerState, createBreaker } from '../resilience/breaker.ts';
import { createSharedRate, type SharedBucket, type SharedRate } from '../resilience/shared-rate.ts';
import type { BundleCxone } from '../tenant/bundle.ts';
import { canonicalJson } from '../tenant/revision.ts';
import { type ApiClient, createApiClient, type ExchangeOutcome, isApiFailure } from './api-client.ts';
import { createGrant } from './grant.ts';
import type { Outbound } from './outbound.ts';
import { createTokenSource } from './token-source.ts';

export interface CxoneClients {
  /** The same client for as long as settings and secrets are the same. */
  clientFor(tenantId: string, cxone: BundleCxone): ApiClient;
  /** From now on the tenant's requests use `client` and no other. */
  adopt(tenantId: string, client: ApiClient): void;
  /** The tenant is not served for now; its newest client may yet be taken over. */
  park(tenantId: string): void;
  /** The tenant, or all that it calls, is gone. */
  remove(tenantId: string): void;
  /** Ends every connection. */
  stop(): Promise<void>;
}

interface CxoneClientsOptions {
  openOutbound(): Outbound;
  readonly clock: Clock;
  /** 0 <= x < 1 */
  readonly random: () => number;
  /** Pods that share a tenant's rate, at most. */
  readonly podsMax: number;
  readonly sharedBucket: SharedBucket | undefined;
  readonly hooks?: {
    onExchange?(outcome: ExchangeOutcome): void;
    /** @param error  undefined for a success */
    onTokenRefresh?(tenantId: string, error: AppError | undefined): void;
    /** @param worst  of all tenants' breakers */
    onBreaker?(tenantId: string, state: BreakerState, worst: BreakerState): void;
  };
}

interface Entry {
  /** Of settings and secrets. Never leaves this file. */
  readonly fingerprint: string;
  readonly client: ApiClient;
  readonly breaker: Breaker;
  /** Not stopped with its entry, for calls under way: idle connections end by themselves. */
  readonly outbound: Outbound;
}

interface Clients {
  live?: Entry | undefined;
  next?: Entry | undefined;
}

const fingerprintOf = (cxone: BundleCxone): string => hash('sha256', canonicalJson(cxone));

/** One key for each tenant, whatever its settings: a change of them does not fill the bucket. */
const bucketKey = (tenantId: string): string => `dac:{${tenantId}}:cxone-rate`;

const worstOf = (states: Iterable<BreakerState>): BreakerState => {
  const found = new Set(states);
  if (found.has('open')) return 'open';
  return found.has('half-open') ? 'half-open' : 'closed';
};

export const createCxoneClients = (options: CxoneClientsOptions): CxoneClients => {
  const { clock, random, hooks = {} } = options;
  const tenants = new Map<string, Clients>();
  /** Breakers that are not closed; `close` takes them out. */
  const troubled = new Map<Breaker, BreakerState>();

  const onBreaker = (tenantId: string, breaker: Breaker, state: BreakerState): void => {
    if (state === 'closed') troubled.delete(breaker);
    else troubled.set(breaker, state);
    hooks.onBreaker?.(tenantId, state, worstOf(troubled.values()));
  };

  const createRate = (tenantId: string, { requestsPerSecond }: BundleCxone): SharedRate =>
    createSharedRate({
      key: bucketKey(tenantId),
      clock,
      random,
      ratePerSecond: requestsPerSecond,
      burstMs: cxoneLimits.rateBurstMs,
      shares: options.podsMax,
      queueMax: cxoneLimits.rateQueueMax,
      pollMinMs: cxoneLimits.ratePollMinMs,
      lookAgainMs: cxoneLimits.rateLookAgainMs,
      shared: options.sharedBucket,
    });

  const create = (tenantId: string, cxone: BundleCxone): Entry => {
    const outbound = options.openOutbound();
    const breaker: Breaker = createBreaker({
      name: 'cxone',
      clock,
      timeoutMs: cxoneLimits.breakerTimeoutMs,
      failures: cxoneLimits.breakerFailures,
      windowMs: cxoneLimits.breakerWindowMs,
      probeIntervalMs: cxoneLimits.breakerIntervalMs,
      isFailure: isApiFailure,
      hooks: { onState: (state) => onBreaker(tenantId, breaker, state) },
    });
    const tokens = createTokenSource({
      ask: createGrant({ cxone, outbound, clock }),
      clock,
      random,
      onRefresh: (error) => hooks.onTokenRefresh?.(tenantId, error),
    });
    const rate = createRate(tenantId, cxone);
    const onExchange = (outcome: ExchangeOutcome) => hooks.onExchange?.(outcome);
    const client = createApiClient({ outbound, tokens, rate, breaker, clock, random, onExchange });
    return { fingerprint: fingerprintOf(cxone), client, breaker, outbound };
  };

  const close = (tenantId: string, entry: Entry | undefined): void => {
    if (!entry) return;
    entry.breaker.close();
    if (troubled.has(entry.breaker)) onBreaker(tenantId, entry.breaker, 'closed');
  };

  const clientsOf = (tenantId: string): Clients => {
    const found = tenants.get(tenantId) ?? {};
    tenants.set(tenantId, found);
    return found;
  };

  const remove = (tenantId: string): void => {
    const clients = tenants.get(tenantId);
    tenants.delete(tenantId);
    close(tenantId, clients?.live);
    close(tenantId, clients?.next);
  };

  return {
    clientFor: (tenantId, cxone) => {
      const clients = clientsOf(tenantId);
      const fingerprint = fingerprintOf(cxone);
      const known = [clients.live, clients.next].find((entry) => entry?.fingerprint === fingerprint);
      if (known) return known.client;
      close(tenantId, clients.next);
      clients.next = create(tenantId, cxone);
      return clients.next.client;
    },
    adopt: (tenantId, client) => {
      const clients = clientsOf(tenantId);
      const { live, next } = clients;
      if (next?.client !== client) return;
      clients.live = next;
      clients.next = undefined;
      close(tenantId, live);
    },
    park: (tenantId) => {
      const clients = tenants.get(tenantId);
      if (!clients?.live) return;
      if (clients.next) close(tenantId, clients.live);
      else clients.next = clients.live;
      clients.live = undefined;
    },
    remove,
    stop: async () => {
      const entries = [...tenants.values()].flatMap(({ live, next }) => [live, next]);
      await Promise.all(entries.map((entry) => entry?.outbound.stop()));
    },
  };
};
