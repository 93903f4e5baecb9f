/**
 * Callers of a tenant whose statement sleeps for two seconds. Each asks again as soon as it is answered, after a refusal a second
 * later, or a tenth of it: sooner than Retry-After says, the time until a place in the tenant's share of the pool.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { TenantOptions } from '../../services/tenants.ts';
import { customerIdOf } from '../customer-ids.ts';
import { createLeanClient, requestBytes } from '../lean-client.ts';
import { signedRequest } from '../request-maker.ts';
import { benchActions, wideLimits } from '../scenarios.ts';
import type { Stage } from '../stage.ts';
import type { Service } from './service.ts';

/** shared: their requests may share a statement. apart: each asks with a parameter of its own, and so for a statement of its own.
 * hammering: apart, and soon after each refusal. */
export type SlowKind = 'shared' | 'apart' | 'hammering';

export interface SlowCallers {
  /** Statements that sleep at this moment. */
  sleeping(): Promise<number>;
  /** Resolves when nothing of theirs is under way any more. @returns how many of their requests ended with which status */
  stop(): Promise<Readonly<Record<string, number>>>;
}

const tenantId = 'slow';
const pollMs = 50;
/** Who hammers still does not take the core for itself. Each by a time of its own: together they would be a burst, which is a load of another kind. */
const refusedPauseMs = (kind: SlowKind, caller: number): number => (kind === 'hammering' ? 75 : 1_000) + caller;

const lookup = benchActions[0]?.lookup;
const from = 'FROM pg_sleep(2) AS nap, customers WHERE tenant_id = $1 AND id = ANY($2)';
const ids = { name: 'customer_ids', type: 'UUID', list: true };

export const slowTenant: TenantOptions = {
  tenantId,
  spec: {
    limits: wideLimits,
    cache: { ttlSeconds: 1, missingTtlSeconds: 0 },
    actions: [
      {
        name: 'shared',
        input: [ids],
        lookup: { ...lookup, statement: `SELECT id, name, status ${from}` },
      },
      {
        name: 'apart',
        input: [ids, { name: 'part', type: 'Integer' }],
        lookup: {
          ...lookup,
          statement: `SELECT id, name, status ${from} AND $3 > 0`,
          parameters: ['tenant_id', 'customer_ids', 'part'],
        },
      },
    ],
  },
};

/** Rows for it are there already: those of any other tenant would do, it finds none and sleeps all the same. */
const requestOf = (kind: SlowKind, caller: number): Buffer => {
  const [action, part] = kind === 'shared' ? ['shared', {}] : ['apart', { part: caller + 1 }];
  const input = { tenant_id: tenantId, customer_ids: [customerIdOf(caller + 1)], ...part };
  return requestBytes(signedRequest(tenantId, { action, input, context: {} }));
};

const sleepingSql = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event = 'PgSleep'";

/** Resolves when the first statement sleeps. */
export const startSlowCallers = async (
  { database }: Stage,
  service: Service,
  { kind, callers }: { readonly kind: SlowKind; readonly callers: number },
): Promise<SlowCallers> => {
  const client = createLeanClient(service.url, callers);
  const statuses: Record<string, number> = {};
  let isOver = false;
  const call = async (caller: number): Promise<void> => {
    const request = requestOf(kind, caller);
    while (!isOver) {
      const status = await new Promise<number>((resolve) => client.send(request, resolve));
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status !== 200) await pause(refusedPauseMs(kind, caller));
    }
  };
  const sleeping = async (): Promise<number> => Number((await database.sql(sleepingSql))[0]?.n);
  const calling = Array.from({ length: callers }, (_, caller) => call(caller));
  while ((await sleeping()) === 0) await pause(pollMs);
  return {
    sleeping,
    stop: async () => {
      isOver = true;
      await Promise.all(calling);
      client.close();
      while ((await sleeping()) > 0) await pause(pollMs);
      return statuses;
    },
  };
};
