/**
 * The live configuration: watches the bundle, takes changes over tenant by tenant, keeps the last good one of each.
 *
 * One loop takes changes over, never two at once. A tenant is replaced as a whole by one assignment: a request holds
 * the LiveTenant it began with.
 */
import type { CompiledTenant } from '../actions/compile-tenant.ts';
import type { Parsed } from '../errors/problem.ts';
import type { LookupCheck } from '../postgres/check-lookup.ts';
import type { LookupStatement } from '../postgres/lookup-statement.ts';
import type { Clock } from '../process/clock.ts';
import { bundleLimits } from '../process/limits.ts';
import { createAdmission } from '../resilience/admission.ts';
import type { BundleTenant } from '../tenant/bundle.ts';
import { shardFileName } from '../tenant/bundle-directory.ts';
import type { ConfigReport } from '../tenant/report.ts';
import { type BundleChanges, createBundleReader } from './bundle-reader.ts';
import { type DirectoryWatch, watchDirectory } from './directory-watch.ts';
import type { LiveTenant } from './live-tenant.ts';
import { createStatementChecks } from './statement-checks.ts';
import { settleEntry, type TenantEntry, takeKeys } from './tenant-entry.ts';

export interface Reload {
  readonly revision: string;
  /** True when every tenant runs what the bundle says. */
  readonly success: boolean;
  readonly problems: readonly string[];
}

export interface RegistryOptions {
  readonly dir: string;
  readonly clock: Clock;
  compile(tenant: BundleTenant): Parsed<CompiledTenant>;
  checkStatement(statement: LookupStatement): Promise<LookupCheck>;
  readonly hooks?: {
    onReload?(reload: Reload): void;
    /** Something about one tenant changed: its report, and whether another configuration answers from now on. */
    onTenant?(entry: TenantEntry): void;
    onRemoved?(tenantId: string): void;
    /** A bug in taking changes over: the loop goes on. */
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
  report(): ConfigReport;
  /** The database is there (again): asks it about what is waiting. */
  databaseReady(): void;
}

const shardByName = new Map(Array.from({ length: bundleLimits.shards }, (_, shard) => [shardFileName(shard), shard]));
const noRevision = '0'.repeat(16);

export const createRegistry = (options: RegistryOptions): Registry => {
  const { dir, clock, hooks = {} } = options;
  const reader = createBundleReader(dir);
  const checks = createStatementChecks(options.checkStatement);
  const entries = new Map<string, TenantEntry>();
  const live = new Map<string, LiveTenant>();
  let dirty: Set<number> | 'all' | undefined;
  let recheck = false;
  let running: Promise<void> | undefined;
  let watch: DirectoryWatch | undefined;
  let cancelRecheck = () => {};
  let stopped = false;
  let appliedAt = clock.wall();
  let configured = false;

  const put = (entry: TenantEntry): void => {
    const { tenantId } = entry.wanted;
    entries.set(tenantId, entry);
    if (entry.live) live.set(tenantId, entry.live);
    else live.delete(tenantId);
  };

  const settle = async (tenantId: string): Promise<void> => {
    const entry = entries.get(tenantId);
    if (!entry) return;
    const compiled = options.compile(entry.wanted);
    const verdict = compiled.ok ? await checks.check(compiled.value.statements) : ({ verdict: 'unknown' } as const);
    const admission = entry.live?.admission ?? createAdmission(clock, entry.wanted.limits);
    const settled = settleEntry(entry, compiled, { verdict, admission });
    put(settled);
    hooks.onTenant?.(settled);
  };

  const unsettled = (): readonly string[] =>
    [...entries.values()]
      .filter(({ report }) => report.state === 'Waiting' || report.reason === 'StatementRejected')
      .map(({ wanted }) => wanted.tenantId);

  const takeOver = async ({ tenants, removed, problems }: BundleChanges, again: readonly string[]): Promise<void> => {
    for (const tenantId of removed) {
      entries.delete(tenantId);
      live.delete(tenantId);
      hooks.onRemoved?.(tenantId);
    }
    for (const tenant of tenants) put(takeKeys(entries.get(tenant.tenantId), tenant));
    const waiting = new Set([...tenants.map((tenant) => tenant.tenantId), ...again]);
    for (const tenantId of waiting) await settle(tenantId);
    checks.keepOnly([...live.values()].flatMap(({ compiled }) => compiled.statements));
    const revision = reader.revision();
    if (revision === undefined) return;
    configured = true;
    appliedAt = clock.wall();
    const success =
      problems.length === 0 &&
      unsettled().length === 0 &&
      [...entries.values()].every(({ report }) => report.state !== 'Refused');
    hooks.onReload?.({ revision, success, problems });
  };

  const loop = async (): Promise<void> => {
    while (!stopped && (dirty !== undefined || recheck)) {
      const wanted = dirty;
      const again = recheck ? unsettled() : [];
      dirty = undefined;
      recheck = false;
      const nothing: BundleChanges = { tenants: [], removed: [], problems: [] };
      const changes = wanted === undefined ? nothing : await reader.read(wanted === 'all' ? undefined : wanted);
      const isNews = changes.tenants.length + changes.removed.length + changes.problems.length + again.length > 0;
      if (isNews || !configured) await takeOver(changes, again);
    }
  };

  const run = (): Promise<void> => {
    running ??= loop()
      .catch((error: unknown) => hooks.onError?.(error))
      .finally(() => {
        running = undefined;
        // News that came between the loop's last look and here.
        if (!stopped && (dirty !== undefined || recheck)) void run();
      });
    return running;
  };

  const onChange = (name: string | undefined): void => {
    const shard = name === undefined ? undefined : shardByName.get(name);
    if (name !== undefined && shard === undefined) return;
    if (shard === undefined || dirty === 'all') dirty = 'all';
    else dirty = new Set([...(dirty ?? []), shard]);
    void run();
  };

  const askAgain = (): void => {
    checks.forgetRejections();
    recheck = true;
    void run();
  };

  const askRegularly = (): void => {
    cancelRecheck = clock.after(bundleLimits.recheckIntervalMs, () => {
      if (unsettled().length > 0) askAgain();
      askRegularly();
    });
  };

  return {
    start: async () => {
      dirty = 'all';
      await run();
      watch = watchDirectory({ dir, clock, pollIntervalMs: bundleLimits.pollIntervalMs, onChange });
      // What changed between the first look and the watch.
      onChange(undefined);
      askRegularly();
    },
    stop: async () => {
      stopped = true;
      cancelRecheck();
      watch?.stop();
      await running;
    },
    tenant: (tenantId) => live.get(tenantId),
    tenantIds: () => entries.keys(),
    configured: () => configured,
    report: () => ({
      schema: 1,
      revision: reader.revision() ?? noRevision,
      appliedAt: new Date(appliedAt).toISOString(),
      tenants: [...entries.values()].map((entry) => entry.report),
    }),
    databaseReady: askAgain,
  };
};
