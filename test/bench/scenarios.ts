/**
 * What is measured: who asks for how many ids, and which of them a cache can have.
 */
import type { TenantOptions } from '../services/tenants.ts';
import { customerIdSql } from './customer-ids.ts';
import type { PeerTenant } from './peers/contract.ts';

export const auditModes = ['EveryRequest', 'DatabaseReads'] as const;
export type AuditMode = (typeof auditModes)[number];

/** warm: a few ids that the memory tier has. cold: every id of all customers in turn, gone from the caches when it comes again. spread: the
 * same, of a hundred tenants in turn. */
export type Temperature = 'warm' | 'cold' | 'mixed' | 'spread';

export interface Scenario {
  readonly name: string;
  readonly action: 'process_customer_batch' | 'set_customer_status';
  readonly temperature: Temperature;
  /** Ids in one request. */
  readonly batch: number;
}

export const customers = 200_000;
export const spreadTenants = 100;
export const customersOfSpreadTenant = customers / spreadTenants;
/** So few that all of them are in memory after the warm-up. */
export const hotCustomers = 1_000;
/** Of a mixed request's ids. */
export const hotShare = 0.9;

const lookup = (temperature: Temperature, batch: number): Scenario => ({
  name: `${temperature}-${batch}`,
  action: 'process_customer_batch',
  temperature,
  batch,
});

export const scenarios: readonly Scenario[] = [
  lookup('warm', 1),
  lookup('warm', 10),
  lookup('warm', 50),
  lookup('cold', 1),
  lookup('cold', 10),
  lookup('cold', 50),
  lookup('mixed', 10),
  lookup('spread', 1),
  lookup('spread', 10),
  { name: 'transaction-1', action: 'set_customer_status', temperature: 'cold', batch: 1 },
];

export const scenarioNamed = (wanted: string): Scenario => {
  const found = scenarios.find(({ name }) => name === wanted);
  if (!found) throw new Error(`no scenario is called ${wanted}`);
  return found;
};

/** In a cold tenant a row is cached as always, but has gone when its turn comes again. */
const ttlSeconds: Readonly<Record<Temperature, number>> = { warm: 86_400, cold: 1, mixed: 86_400, spread: 1 };

export const tenantIdOf = (temperature: Exclude<Temperature, 'spread'>, audit: AuditMode): string =>
  `${temperature}-${audit}`;

/** Who asks, in turn. */
export const tenantIdsOf = (temperature: Temperature, audit: AuditMode): readonly string[] =>
  temperature === 'spread'
    ? Array.from({ length: spreadTenants }, (_, n) => `spread-${audit}-${n}`)
    : [tenantIdOf(temperature, audit)];

const tenants = (['warm', 'cold', 'mixed', 'spread'] as const).flatMap((temperature) =>
  auditModes.flatMap((audit) =>
    tenantIdsOf(temperature, audit).map((tenantId) => ({
      ...{ tenantId, temperature, audit },
      ttlSeconds: ttlSeconds[temperature],
    })),
  ),
);

const tenantIds: readonly string[] = tenants.map(({ tenantId }) => tenantId);

export const wideLimits = { requestsPerSecond: 100_000, burst: 100_000, concurrency: 10_000 };
export const benchActions = [
  {
    name: 'process_customer_batch',
    input: [{ name: 'customer_ids', type: 'UUID', list: true }],
    lookup: {
      statement: 'SELECT id, name, status, updated_at FROM customers WHERE tenant_id = $1 AND id = ANY($2)',
      parameters: ['tenant_id', 'customer_ids'],
      keys: 'customer_ids',
      keyColumn: 'id',
      output: 'customers',
    },
  },
  {
    name: 'set_customer_status',
    input: [
      { name: 'customer_ids', type: 'UUID', list: true },
      { name: 'status', type: 'String', enum: ['active', 'inactive', 'blocked'] },
    ],
    transaction: {
      statements: [
        {
          text: 'UPDATE customers SET status = $3, updated_at = now() WHERE tenant_id = $1 AND id = ANY($2) RETURNING id, status',
          parameters: ['tenant_id', 'customer_ids', 'status'],
          expectRows: 'PerKey',
          output: 'customers',
        },
      ],
      invalidates: ['process_customer_batch'],
    },
  },
];

export const benchTenants: readonly TenantOptions[] = tenants.map(({ tenantId, audit, ttlSeconds }) => ({
  tenantId,
  spec: { limits: wideLimits, audit, cache: { ttlSeconds, missingTtlSeconds: 0 }, actions: benchActions },
}));

/** @param isAsked  whether the peer is compared where tenants are asked so */
export const peerTenants = (
  secretOf: (tenantId: string) => string,
  isAsked: (temperature: Temperature) => boolean,
): Readonly<Record<string, PeerTenant>> =>
  Object.fromEntries(
    tenants
      .filter(({ temperature }) => isAsked(temperature))
      .map(({ tenantId, audit, ttlSeconds }) => [tenantId, { secret: secretOf(tenantId), audit, ttlSeconds }]),
  );

/** Of all tenants; the triggers of the sample table are off, as nobody listens yet. */
export const seedSql = `
  ALTER TABLE customers DISABLE TRIGGER USER;
  DELETE FROM customers;
  INSERT INTO customers (tenant_id, id, name, status)
  SELECT t, ${customerIdSql('n')}, 'Customer ' || n, 'active'
  FROM unnest(ARRAY[${tenantIds.map((id) => `'${id}'`).join()}]) AS t, generate_series(1, ${customers}) AS n
  WHERE CASE WHEN t LIKE 'warm%' THEN n <= ${hotCustomers} WHEN t LIKE 'spread%' THEN n <= ${customersOfSpreadTenant} ELSE true END;
  ALTER TABLE customers ENABLE TRIGGER USER;`;
