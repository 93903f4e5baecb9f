/**
 * The live configuration: watches the bundle, takes changes over tenant by tenant, keeps the last good one of each.
 *
 * A round reads what changed and puts the new keys in force at once; then each changed tenant is settled by itself, so
 * that one whose statements PostgreSQL is slow to judge holds up no other. It does hold up the revision that the report
 * and `onReload` tell, also of later rounds: one is told when all of it has been settled. A tenant is replaced as a
 * whole by one assignment: a request holds the LiveTenant it began with. Every step costs what changed, not what exists.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { CompiledTenant } from '../actions/compile-tenant.ts';
import type { Parsed } from '../errors/problem.ts';
import type { StatementCheck } from '../postgres/check-statement.ts';
import type { CompiledStatement } from '../postgres/compiled-statement.ts';
import type { Clock } from '../process/clock.ts';
import { bundleLimits } from '../process/limits.ts';
import { createAdmission } from '../resilience/admission.ts';
import type { TenantLabel } from '../telemetry/tenant-labels.ts';
import type { BundleTenant } from '../tenant/bundle.ts';
import { shardFileName } from '../tenant/bundle-directory.ts';
import type { ConfigReport } from '../tenant/report.ts';
import { type BundleChanges, createBundleReader } from './bundle-reader.ts';
import { type DirectoryWatch, watchDirectory } from './directory-watch.ts';
import { createKeyedReruns } from './keyed-reruns.ts';
import type { LiveTenant } from './live-tenant.ts';
import { createReportLog } from './report-log.ts';
import { createStatementChecks } from './statement-checks.ts';
import { isSettled, settleEntry, type TenantEntry, takeKeys } from './tenant-entry.ts';

export interface Reload {
  /** Zeroes while no whole bundle was there. */
  readonly revision: string;
  /** True when every tenant runs what the bundle says. */
  readonly success: boolean;
  readonly problems: readonly string[];
}

export interface RegistryOptions {
  readonly dir: string;
  readonly clock: Clock;
  compile(tenant: BundleTenant): Parsed<CompiledTenant>;
  checkStatement(statement: CompiledStatement): Promise<StatementCheck>;
  /** What metrics call a tenant that is served from now on. */
  labelOf(tenantId: string): TenantLabel;
  readonly hooks?: {
    onReload?(reload: Reload): void;
    /** A tenant's configuration was settled, with another outcome than before. */
    onTenant?(entry: TenantEntry): void;
    /** From now on requests of the tenant get `after`; undefined: they are refused. */
    onLive?(tenantId: string, after: LiveTenant | undefined, before: LiveTenant | undefined): void;
    onRemoved?(tenantId: string): void;
    /** The directory is looked at, and no longer watched. @param code  of the operating system */
    onUnwatched?(code: string): void;
    /** A bug in taking changes over: everything else goes on. */
    onError?(error: unknown): void;
  };
}

export interface Registry {
  /** Resolves when what the directory holds now has been taken over; then goes on watching. */
  start(): Promise<void>;
  stop(): Promise<void>;
  tenant(tenantId: string): LiveTenant | undefined;
  tenantIds(): Iterable<string>;
  /** True once a whole bundle has been taken over. */
  configured(): boolean;
  /** @param since  a version: only what changed after it, unless that cannot be told any more */
  report(since?: string): ConfigReport;
  /** Another one whenever the report is, and in every process: for an ETag. */
  reportVersion(): string;
  /** The database is there (again): asks it about what is waiting. */
  databaseReady(): void;
}

const shardByName = new Map(Array.from({ length: bundleLimits.shards }, (_, shard) => [shardFileName(shard), shard]));
const noRevision = '0'.repeat(16);
const noChanges: BundleChanges = { tenants: [], removed: [], isNews: false };

export const createRegistry = (options: RegistryOptions): Registry => {
  const { dir, clock, hooks = {} } = options;
  const onError = (error: unknown) => hooks.onError?.(error);
  const reader = createBundleReader(dir);
  const entries = new Map<string, TenantEntry>();
  /** Of the entries: what a request asks for, nothing else in between. */
  const live = new Map<string, LiveTenant>();
  const log = createReportLog();
  const put = (tenantId: string, entry: TenantEntry): void => {
    entries.set(tenantId, entry);
    if (entry.live) live.set(tenantId, entry.live);
    else live.delete(tenantId);
    log.note(tenantId);
  };
  /** Whoever was settled and does not run what the bundle says. */
  const unsettled = new Set<string>();
  /** Rounds whose tenants are still being settled. */
  const open = new Set<Promise<void>>();
  let dirty: Set<number> | 'all' | undefined;
  /** Whoever is to be settled again with what PostgreSQL has said since; `all`: whoever was settled and does not run what the bundle says. */
  let again: Set<string> | 'all' = new Set();
  let lastRound: Promise<void> = Promise.resolve();
  let applied = { revision: noRevision, at: clock.wall() };
  let lastSuccess: boolean | undefined;
  let watch: DirectoryWatch | undefined;
  let cancelRecheck = () => {};
  let stopped = false;

  const checks = createStatementChecks(options.checkStatement, (tenantId) => {
    if (again !== 'all') again.add(tenantId);
    void run();
  });

  const settle = async (tenantId: string): Promise<void> => {
    const entry = entries.get(tenantId);
    if (!entry) return;
    const compiled = entry.compiled ?? options.compile(entry.wanted);
    const verdict = await checks.check(tenantId, compiled.ok ? compiled.value.statements : []);
    // Changed or removed meanwhile: whoever did that has it settled again.
    if (stopped || entries.get(tenantId) !== entry) return;
    const admission = entry.live?.admission ?? createAdmission(clock, entry.wanted.limits);
    const settled = settleEntry(entry, compiled, { verdict, admission, labelOf: options.labelOf });
    put(tenantId, settled);
    if (settled.live !== entry.live) {
      settled.live?.admission.configure(entry.wanted.limits);
      hooks.onLive?.(tenantId, settled.live, entry.live);
    }
    if (isSettled(settled)) unsettled.delete(tenantId);
    else unsettled.add(tenantId);
    if (settled.report.message !== entry.report.message || settled.report.state !== entry.report.state) {
      hooks.onTenant?.(settled);
    }
  };
  const settleOrRetry = (tenantId: string): Promise<void> =>
    settle(tenantId).catch((error: unknown) => {
      if (entries.has(tenantId)) unsettled.add(tenantId);
      onError(error);
    });
  const settling = createKeyedReruns(settleOrRetry, onError);

  const remove = (tenantId: string): void => {
    const before = entries.get(tenantId)?.live;
    entries.delete(tenantId);
    live.delete(tenantId);
    log.note(tenantId);
    unsettled.delete(tenantId);
    checks.forget(tenantId);
    if (before) hooks.onLive?.(tenantId, undefined, before);
    hooks.onRemoved?.(tenantId);
  };

  const closeRound = (revision: string, isNews: boolean): void => {
    if (stopped) return;
    if (isNews) {
      applied = { revision, at: clock.wall() };
      log.note();
    }
    const problems = reader.problems();
    const success = problems.length === 0 && unsettled.size === 0;
    const isWhole = applied.revision !== noRevision;
    if ((!isWhole && problems.length === 0) || (!isNews && success === lastSuccess)) return;
    lastSuccess = success;
    hooks.onReload?.({ revision: applied.revision, success, problems });
  };

  /** Begins to settle these; resolves before they are. */
  const openRound = async (tenantIds: Iterable<string>, isNews: boolean): Promise<void> => {
    const revision = reader.revision() ?? noRevision;
    const settled: Promise<void>[] = [];
    for (const tenantId of tenantIds) {
      settled.push(settling.run(tenantId));
      if (settled.length % bundleLimits.tenantsPerTurn === 0) await turn();
    }
    // In their order: a revision holds everything that came before it.
    const closed = Promise.all([lastRound, ...settled])
      .then(() => closeRound(revision, isNews))
      .catch(onError)
      .finally(() => open.delete(closed));
    open.add(closed);
    lastRound = closed;
  };

  const takeOver = async (): Promise<void> => {
    const shards = dirty;
    const asked = again === 'all' ? [...unsettled, ...settling.keys()] : again;
    dirty = undefined;
    again = new Set();
    const changes = shards === undefined ? noChanges : await reader.read(shards === 'all' ? undefined : shards);
    const { tenants, removed, isNews } = changes;
    if (stopped || (!isNews && [...asked].length === 0)) return;
    for (const tenant of tenants) put(tenant.tenantId, takeKeys(entries.get(tenant.tenantId), tenant));
    for (const tenantId of removed) remove(tenantId);
    await openRound(new Set([...tenants.map(({ tenantId }) => tenantId), ...asked]), isNews);
  };
  const takingOver = createKeyedReruns(takeOver, onError);
  const run = (): Promise<void> => takingOver.run(dir);

  const onChange = (name: string | undefined): void => {
    const shard = name === undefined ? undefined : shardByName.get(name);
    if (name !== undefined && shard === undefined) return;
    if (shard === undefined || dirty === 'all') dirty = 'all';
    else dirty = (dirty ?? new Set()).add(shard);
    void run();
  };

  const askAgain = (): void => {
    checks.forgetRejections();
    again = 'all';
    void run();
  };

  const askRegularly = (): void => {
    cancelRecheck = clock.after(bundleLimits.recheckIntervalMs, () => {
      if (unsettled.size > 0) askAgain();
      askRegularly();
    });
  };

  return {
    start: async () => {
      dirty = 'all';
      await run();
      await Promise.all(open);
      if (stopped) return;
      const { pollIntervalMs } = bundleLimits;
      const onUnwatched = (code: string) => hooks.onUnwatched?.(code);
      watch = watchDirectory({ dir, clock, pollIntervalMs, onChange, onUnwatched });
      // What changed between the first look and the watch.
      onChange(undefined);
      askRegularly();
    },
    stop: async () => {
      stopped = true;
      cancelRecheck();
      watch?.stop();
      await takingOver.idle();
    },
    tenant: (tenantId) => live.get(tenantId),
    tenantIds: () => entries.keys(),
    configured: () => applied.revision !== noRevision,
    report: (since = '') => {
      const head = { schema: 1, revision: applied.revision, appliedAt: new Date(applied.at).toISOString() } as const;
      const changed = log.since(since);
      if (changed === undefined) return { ...head, tenants: [...entries.values()].map(({ report }) => report) };
      const tenants = [...changed].flatMap((tenantId) => entries.get(tenantId)?.report ?? []);
      return { ...head, since, tenants, removed: [...changed].filter((tenantId) => !entries.has(tenantId)) };
    },
    reportVersion: log.version,
    databaseReady: askAgain,
  };
};
