/**
 * What a DataActionConfig's status says: from the verdict on it and the handler's report, never more than is known. Pure.
 *
 * Accepted         the spec is valid, and the tenant this object's own
 * SecretsResolved  every Secret it needs is there
 * Applied          the handler that belongs to the writing controller serves this very generation; Unknown while it has not said so
 * Ready            all of them, and not suspended
 */
import type { BundleTenant } from '../tenant/bundle.ts';
import type { Reason } from '../tenant/reasons.ts';
import type { TenantReport } from '../tenant/report.ts';
import {
  type Condition,
  type ConditionStatus,
  type ConditionType,
  type ConfigStatus,
  conditionOf,
  messageCharactersMax,
} from './status.ts';
import type { Finding, Verdict } from './verdict.ts';

export interface Standing {
  readonly verdict: Verdict;
  /** The bundle's entry of this object; not there where it has none. */
  readonly tenant: BundleTenant | undefined;
  /** What the handler last said of the tenant. */
  readonly report: TenantReport | undefined;
}

interface Aspect {
  readonly status: ConditionStatus;
  readonly reason: Reason;
  readonly message: string;
}

/** @param previous  as it was read from the API server     @param now  wall-clock milliseconds */
export const statusOf = (standing: Standing, previous: ConfigStatus | undefined, now: number): ConfigStatus => {
  const { generation: observedGeneration, actions } = standing.verdict;
  const aspects = aspectsOf(standing);
  const revision = servedRevision(standing, previous);
  const conditions = aspects.map(([type, { status, reason, message }]): Condition => {
    const before = conditionOf(previous, type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : momentOf(now);
    const shown = message.slice(0, messageCharactersMax);
    return { type, status, observedGeneration, lastTransitionTime, reason, message: shown };
  });
  return {
    observedGeneration,
    ...(actions !== undefined && { actions }),
    ...(revision !== undefined && { revision }),
    conditions,
  };
};

/** metav1.Time has whole seconds. */
const momentOf = (now: number): string => `${new Date(now).toISOString().slice(0, 19)}Z`;

const aspectsOf = (standing: Standing): readonly (readonly [ConditionType, Aspect])[] => {
  const { accepted, secretsResolved } = standing.verdict;
  const applied = appliedOf(standing);
  return [
    ['Accepted', aspectOf(accepted)],
    ['SecretsResolved', aspectOf(secretsResolved)],
    ['Applied', applied],
    ['Ready', readyOf(standing, applied)],
  ];
};

const aspectOf = ({ ok, reason, message }: Finding): Aspect => ({ status: ok ? 'True' : 'False', reason, message });

const faultOf = ({ verdict: { accepted, secretsResolved } }: Standing): Finding | undefined =>
  [accepted, secretsResolved].find(({ ok }) => !ok);

const appliedOf = (standing: Standing): Aspect => {
  const { tenant, report } = standing;
  const fault = faultOf(standing);
  if (fault !== undefined) return { status: 'False', reason: fault.reason, message: servedText(standing) };
  if (tenant === undefined || report?.revision !== tenant.revision) return waitingForHandler;
  const { state, reason, message } = report;
  if (state === 'Applied') return { status: 'True', reason: 'Applied', message: 'the handler serves it' };
  if (state === 'Suspended') return { status: 'True', reason: 'Suspended', message };
  return { status: 'False', reason, message: `${message}; ${servedText(standing)}` };
};

const waitingForHandler: Aspect = {
  status: 'Unknown',
  reason: 'WaitingForHandler',
  message: 'the handler has not said yet that it serves this generation',
};

const servedText = ({ verdict, tenant, report }: Standing): string => {
  if (verdict.accepted.reason === 'DuplicateTenant') return 'nothing of this object is served';
  if (tenant !== undefined && report === undefined) return 'the handler does not say what it serves';
  return tenant !== undefined && report?.serving
    ? 'the last good configuration is served, with the newest keys'
    : 'no configuration of the tenant is served';
};

const readyOf = (standing: Standing, applied: Aspect): Aspect => {
  const fault = faultOf(standing);
  if (fault !== undefined) return { ...applied, message: `${fault.message}; ${applied.message}` };
  if (applied.reason === 'Suspended') return { ...applied, status: 'False' };
  return applied;
};

const servedRevision = ({ tenant, report }: Standing, previous: ConfigStatus | undefined): string | undefined => {
  if (tenant === undefined) return undefined;
  if (report === undefined) return previous?.revision;
  const isCurrent = report.revision === tenant.revision && ['Applied', 'Suspended'].includes(report.state);
  if (isCurrent) return tenant.revision;
  return report.serving ? previous?.revision : undefined;
};

const waitingReasons: ReadonlySet<string> = new Set<Reason>(['WaitingForHandler', 'WaitingForDatabase']);

/** Whether it says no more than that somebody has not answered yet. */
export const isWaiting = (status: ConfigStatus): boolean =>
  waitingReasons.has(conditionOf(status, 'Ready')?.reason ?? '');
