/**
 * What a handler serves, as it tells the controller at `GET /config`: of all tenants, or with `?since=VERSION` (the ETag of an earlier
 * answer) of those that changed. Holds no secret and no value from a spec.
 */
import type { Parsed } from '../errors/problem.ts';
import { bundleLimits } from '../process/limits.ts';
import { type Codec, decodeJson } from './codec.ts';
import { closed, list } from './codec-containers.ts';
import { exactly, flag, oneOf, text } from './codec-scalars.ts';
import { revisionText, tenantId } from './names.ts';
import { type Reason, reasons } from './reasons.ts';

export const tenantStates = ['Applied', 'Refused', 'Waiting', 'Suspended'] as const;
export type TenantState = (typeof tenantStates)[number];

export interface TenantReport {
  readonly tenantId: string;
  /** Of the bundle line last seen, applied or not. */
  readonly revision: string;
  readonly state: TenantState;
  /** True when requests are answered, be it from the last good configuration. */
  readonly serving: boolean;
  readonly reason: Reason;
  readonly message: string;
}

export interface ConfigReport {
  readonly schema: 1;
  readonly revision: string;
  /** RFC 3339. */
  readonly appliedAt: string;
  readonly tenants: readonly TenantReport[];
  /** Set: `tenants` are only those that changed after this version of the report, and `removed` are there no more. */
  readonly since?: string;
  readonly removed?: readonly string[];
}

const tenantReport: Codec<TenantReport> = closed({
  tenantId,
  revision: revisionText,
  state: oneOf(tenantStates),
  serving: flag,
  reason: oneOf(reasons),
  message: text({ max: bundleLimits.messageCharactersMax }),
});

const configReport: Codec<ConfigReport> = closed(
  {
    schema: exactly(1),
    revision: revisionText,
    appliedAt: text({ min: 1, max: 40 }),
    tenants: list(tenantReport, 0, bundleLimits.tenantsMax),
  },
  { since: text({ min: 1, max: 128 }), removed: list(tenantId, 0, bundleLimits.reportChangesMax * 2) },
);

export const encodeReport = (report: ConfigReport): string => JSON.stringify(report);

export const decodeReport = (report: string): Parsed<ConfigReport> => decodeJson(configReport, report);
