/**
 * The order in which tenants' reports changed, so that the controller, which asks after each bundle, is told what is new and not what exists.
 *
 * Remembers the newest `reportChangesMax` changes at least; whoever asks about older ones is told everything. Holds no report.
 */
import { randomUUID } from 'node:crypto';
import { bundleLimits } from '../process/limits.ts';

export interface ReportLog {
  /** Another one after each change, and in every process. */
  version(): string;
  /** @param tenantId  left out: something that belongs to no tenant */
  note(tenantId?: string): void;
  /** Those whose reports changed after that version; undefined when that cannot be told. */
  since(version: string): ReadonlySet<string> | undefined;
}

export const createReportLog = (): ReportLog => {
  const prefix = `${randomUUID()}-`;
  const max = bundleLimits.reportChangesMax;
  let changes = 0;
  /** The last ones, oldest first. */
  let last: (string | undefined)[] = [];

  return {
    version: () => `${prefix}${changes}`,
    note: (tenantId) => {
      changes += 1;
      last.push(tenantId);
      // Now and then, so that a change costs the same whatever is remembered.
      if (last.length >= 2 * max) last = last.slice(-max);
    },
    since: (version) => {
      if (!version.startsWith(prefix)) return undefined;
      const missed = changes - Number(version.slice(prefix.length));
      if (!Number.isInteger(missed) || missed < 0 || missed > last.length) return undefined;
      const news = missed === 0 ? [] : last.slice(-missed);
      return new Set(news.filter((tenantId) => tenantId !== undefined));
    },
  };
};
