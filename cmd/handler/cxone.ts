/**
 * CXone for the handler: a client for each tenant that calls its API, whom they may connect to, and who takes clients away.
 */
import { lookup } from 'node:dns';
import type { CompiledTenant } from '../../pkg/actions/compile-tenant.ts';
import { type CxoneClients, createCxoneClients } from '../../pkg/cxone/clients.ts';
import { createGuardedConnect } from '../../pkg/cxone/guarded-connect.ts';
import { createOutbound } from '../../pkg/cxone/outbound.ts';
import type { Clock } from '../../pkg/process/clock.ts';
import type { HandlerSettings } from '../../pkg/process/settings.ts';
import type { SharedBucket } from '../../pkg/resilience/shared-rate.ts';
import type { Observer } from './observe.ts';

interface CxoneOptions {
  readonly clock: Clock;
  readonly observer: Observer;
  readonly sharedBucket: SharedBucket | undefined;
}

export interface CxoneParts extends Pick<CxoneClients, 'clientFor'> {
  /** The registry's: from now on requests of the tenant run `compiled`; undefined: they are refused. */
  onLive(tenantId: string, compiled: CompiledTenant | undefined): void;
  onRemoved(tenantId: string): void;
  stop(): Promise<void>;
}

export const createCxone = (settings: HandlerSettings, options: CxoneOptions): CxoneParts => {
  const { clock, observer, sharedBucket } = options;
  const allowPrivateAddresses = settings.CXONE_ALLOW_PRIVATE_ADDRESSES === 'true';
  if (allowPrivateAddresses) observer.cxoneUnguarded();
  const connect = createGuardedConnect({
    allowPrivateAddresses,
    ca: settings.CXONE_CA_FILE,
    lookup,
  });
  const clients = createCxoneClients({
    openOutbound: () => createOutbound({ clock, connect }),
    clock,
    random: Math.random,
    podsMax: settings.PODS_MAX,
    sharedBucket,
    hooks: {
      onExchange: observer.cxoneExchange,
      onTokenRefresh: observer.cxoneTokenRefreshed,
      onBreaker: observer.cxoneBreaker,
    },
  });
  observer.cxoneBreaker(undefined, 'closed', 'closed');

  return {
    clientFor: clients.clientFor,
    onLive: (tenantId, compiled) => {
      if (!compiled) clients.park(tenantId);
      else if (compiled.cxone) clients.adopt(tenantId, compiled.cxone);
      else clients.remove(tenantId);
    },
    onRemoved: clients.remove,
    stop: clients.stop,
  };
};
