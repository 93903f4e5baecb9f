/**
 * What the registry knows of one tenant, and how a new configuration changes that. Pure: verdicts come in, entries go out.
 *
 * absent       no configuration of this tenant was ever good: it is not served
 * provisional  served on a configuration that PostgreSQL could not be asked about, because there was nothing better:
 *              reads wait for the database anyway. Left when PostgreSQL answers.
 * good         served on a configuration that PostgreSQL accepted: kept until a better one is accepted
 *
 * Whatever happens to the rest of a change, its keys and `suspend` hold at once.
 */
import type { CompiledTenant } from '../actions/compile-tenant.ts';
import { declaredTenant } from '../actions/declared-tenant.ts';
import { type Parsed, problemText } from '../errors/problem.ts';
import { bundleLimits } from '../process/limits.ts';
import type { Admission } from '../resilience/admission.ts';
import type { TenantLabel } from '../telemetry/tenant-labels.ts';
import type { BundleTenant } from '../tenant/bundle.ts';
import type { TenantReport } from '../tenant/report.ts';
import type { KeyRing } from '../webhook/verify.ts';
import { compileKeyRing, type LiveTenant } from './live-tenant.ts';
import type { StatementsVerdict } from './statement-checks.ts';

export interface TenantEntry {
  /** The newest configuration seen, applied or not. */
  readonly wanted: BundleTenant;
  /** Of `wanted`. */
  readonly ring: Parsed<KeyRing | undefined>;
  /** Of `wanted`; undefined until it was settled once. */
  readonly compiled: Parsed<CompiledTenant> | undefined;
  readonly standing: 'absent' | 'provisional' | 'good';
  readonly live: LiveTenant | undefined;
  readonly report: TenantReport;
}

type Outcome = Pick<TenantReport, 'state' | 'reason' | 'message'>;

const checking: Outcome = {
  state: 'Waiting',
  reason: 'WaitingForDatabase',
  message: 'PostgreSQL is being asked about the statements',
};

const waiting: Outcome = {
  state: 'Waiting',
  reason: 'WaitingForDatabase',
  message: 'PostgreSQL could not be asked about the statements yet',
};

const reportOf = (wanted: BundleTenant, live: LiveTenant | undefined, outcome: Outcome): TenantReport => ({
  tenantId: wanted.tenantId,
  revision: wanted.revision,
  serving: live?.keyRing !== undefined,
  ...outcome,
});

/** The old actions, signed as the new configuration says. */
const withRing = (live: LiveTenant, keyRing: LiveTenant['keyRing'], wanted: BundleTenant): LiveTenant => ({
  ...live,
  keyRing,
  declared: { ...live.declared, webhook: declaredTenant(wanted).webhook },
});

/** The first thing that happens to a new configuration: its keys replace the old ones. */
export const takeKeys = (before: TenantEntry | undefined, wanted: BundleTenant): TenantEntry => {
  const ring = compileKeyRing(wanted);
  const live = before?.live && ring.ok ? withRing(before.live, ring.value, wanted) : before?.live;
  const standing = before?.standing ?? 'absent';
  return { wanted, ring, compiled: undefined, standing, live, report: reportOf(wanted, live, checking) };
};

const refuse = (entry: TenantEntry, outcome: Outcome): TenantEntry => {
  const live = entry.standing === 'good' ? entry.live : undefined;
  const standing = live ? 'good' : 'absent';
  return { ...entry, live, standing, report: reportOf(entry.wanted, live, outcome) };
};

interface Settlement {
  /** Of its statements. */
  readonly verdict: StatementsVerdict;
  readonly admission: Admission;
  /** Asked where the tenant is live from now on by what it wants: one that stays as it was keeps what metrics call it. */
  labelOf(tenantId: string): TenantLabel;
}

/** @param unsettled  from takeKeys, or from here with a verdict that may have changed     @param compiled  of what it wants */
export const settleEntry = (
  unsettled: TenantEntry,
  compiled: Parsed<CompiledTenant>,
  { verdict, admission, labelOf }: Settlement,
): TenantEntry => {
  const entry = { ...unsettled, compiled };
  const { wanted, ring } = entry;
  const problems = [...(compiled.ok ? [] : compiled.problems), ...(ring.ok ? [] : ring.problems)];
  if (!compiled.ok || !ring.ok) {
    const message = problems.map(problemText).join('; ').slice(0, bundleLimits.messageCharactersMax);
    return refuse(entry, { state: 'Refused', reason: 'InvalidSpec', message });
  }
  if (verdict.verdict === 'rejected') {
    const state = verdict.sqlState === undefined ? '' : ` (SQLSTATE ${verdict.sqlState})`;
    const message = `${verdict.path}: PostgreSQL refuses it${state}`;
    return refuse(entry, { state: 'Refused', reason: 'StatementRejected', message });
  }
  if (verdict.verdict === 'unknown' && entry.standing === 'good') {
    return { ...entry, report: reportOf(wanted, entry.live, waiting) };
  }
  const live: LiveTenant = {
    tenantId: wanted.tenantId,
    label: labelOf(wanted.tenantId),
    revision: wanted.revision,
    keyRing: ring.value,
    deadlineMs: wanted.limits.deadlineMilliseconds,
    admission,
    compiled: compiled.value,
    declared: declaredTenant(wanted),
  };
  if (verdict.verdict === 'unknown') {
    return { ...entry, standing: 'provisional', live, report: reportOf(wanted, live, waiting) };
  }
  const outcome: Outcome = wanted.suspend
    ? { state: 'Suspended', reason: 'Suspended', message: 'spec.suspend is true' }
    : { state: 'Applied', reason: 'Applied', message: '' };
  return { ...entry, standing: 'good', live, report: reportOf(wanted, live, outcome) };
};

/** True when it runs what the bundle says. */
export const isSettled = ({ report }: TenantEntry): boolean =>
  report.state === 'Applied' || report.state === 'Suspended';
