/**
 * The controller: gather -> decide -> apply, whenever something is new; and what came of it, into status and Events.
 *
 * Every replica writes its own bundle, whoever leads; only the leader writes to the API server, one whose handler is ready if there is one. It reads no database and serves no request.
 * Without the API server it keeps what it has; nothing ends it but `stop`.
 */
import { mkdir } from 'node:fs/promises';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { createElection, type ElectionHooks, type LeaseTimes } from '../kubernetes/lease.ts';
import type { LeaseName } from '../kubernetes/leases.ts';
import type { Clock } from '../process/clock.ts';
import { controllerLimits } from '../process/limits.ts';
import { createBundleWriter, type WrittenBundle } from '../tenant/bundle-directory.ts';
import { readBundle } from '../tenant/read-bundle.ts';
import { createDecider } from './decider.ts';
import { createEventLimits } from './event-limits.ts';
import { createReportClient } from './fetch-report.ts';
import { createGather, type SecretsWatch } from './gather.ts';
import { createHandlerReport, type HandlerReportHooks } from './handler-report.ts';
import { createReconcileLoop } from './reconcile-loop.ts';
import { createStatusSync, type StatusSyncHooks } from './status-sync.ts';
import type { WatchHooks } from './watch-hooks.ts';

export interface ControllerHooks {
  readonly watch: Omit<WatchHooks, 'onChange' | 'onConnected'>;
  readonly status: StatusSyncHooks;
  readonly report: Omit<HandlerReportHooks, 'onTenants'>;
  readonly election: ElectionHooks;
  /** All watches are open, or some are not. */
  readonly onConnected: (connected: boolean) => void;
  readonly onRun: (result: 'success' | 'error', ms: number, error?: unknown) => void;
  /** The bundle is another one than before. */
  readonly onBundle: (bundle: WrittenBundle, tenants: number) => void;
}

export interface ControllerOptions {
  readonly client: KubernetesClient;
  /** Whose DataActionConfigs and Secrets are followed. */
  readonly namespace: string;
  readonly secretsWatch: SecretsWatch;
  readonly bundleDir: string;
  readonly handlerAdminUrl: string;
  readonly lease: LeaseName;
  readonly times: LeaseTimes;
  /** Of this process alone. */
  readonly identity: string;
  readonly clock: Clock;
  readonly hooks: ControllerHooks;
}

export interface Controller {
  /** Resolves when it is at work; the first bundle may take until the API server answers. */
  start(): Promise<void>;
  /** Lets go of the Lease. Safe twice. */
  stop(): Promise<void>;
  /** A whole bundle is in the directory, from this run or from one before. */
  hasBundle(): boolean;
  /** False when a decision hangs. */
  alive(): boolean;
}

export const createController = (options: ControllerOptions): Controller => {
  const { client, clock, bundleDir, identity, hooks } = options;
  const writer = createBundleWriter(bundleDir, clock);
  let decider = createDecider([]);
  /** Objects to look at after the next decision, decided otherwise or not. */
  let touched = new Set<string>();
  const undecided = new Set<string>();
  let isWhole = false;
  let decidedOnce = false;
  let stopping: Promise<void> | undefined;
  let cancelCheck = () => {};

  const gather = createGather({
    ...options,
    hooks: {
      ...hooks.watch,
      onObject: (key, isDeclared) => {
        if (isDeclared) touched.add(key);
        else status.add(key);
      },
      onNews: () => loop.trigger(),
      onConnected: () => hooks.onConnected(gather.connected()),
    },
  });
  const election = createElection({
    ...options,
    leases: client.leases,
    isFit: () => report.fit(),
    hooks: {
      ...hooks.election,
      onLeading: () => {
        hooks.election.onLeading?.();
        for (const key of decider.keys()) status.add(key);
      },
    },
  });
  const report = createHandlerReport({
    client: createReportClient(options.handlerAdminUrl, clock),
    clock,
    hooks: {
      ...hooks.report,
      onTenants: (tenantIds) => {
        for (const tenantId of tenantIds) {
          const owner = decider.owner(tenantId);
          if (owner !== undefined) status.add(owner);
        }
      },
    },
  });
  const status = createStatusSync({
    client,
    clock,
    identity,
    leading: () => election.leading,
    config: gather.config,
    standing: (key) => {
      const standing = decider.standing(key);
      return standing && { ...standing, report: standing.tenant && report.tenant(standing.tenant.tenantId) };
    },
    limits: createEventLimits(clock),
    hooks: hooks.status,
  });

  const decideAndApply = async (): Promise<void> => {
    const news = gather.take();
    for (const key of news) undecided.add(key);
    // Without all Secrets the first bundle would take tenants away that an older one has.
    if (!decidedOnce && !gather.settled()) return;
    const { tenants, objects } = decider.decide(undecided, gather);
    undecided.clear();
    for (const key of objects) touched.add(key);
    const tell = (): void => {
      const decided = touched;
      touched = new Set();
      for (const key of decided) status.add(key);
    };
    // Also when it cannot be written: what the handler serves is not what was decided, and status has to say so.
    const bundle = await writer.update(tenants).finally(tell);
    isWhole = true;
    if (bundle.written.length > 0) hooks.onBundle(bundle, decider.tenantCount());
    if (bundle.written.length > 0 || !decidedOnce) report.expect(bundle.revision);
    decidedOnce = true;
  };
  const loop = createReconcileLoop({ clock, run: decideAndApply, hooks: { onRun: hooks.onRun } });

  const checkRegularly = (): void => {
    cancelCheck = clock.after(controllerLimits.bundleCheckMs, () => {
      writer.distrust();
      gather.distrust();
      if (decidedOnce) loop.trigger();
      checkRegularly();
    });
  };

  const stop = async (): Promise<void> => {
    cancelCheck();
    // Writes first, so that none goes on when another one leads.
    await status.stop();
    const parts = [election, loop, gather, report];
    await Promise.all(parts.map((part) => part.stop()));
  };

  return {
    start: async () => {
      await mkdir(bundleDir, { recursive: true, mode: 0o750 });
      const found = await readBundle(bundleDir);
      ({ isWhole } = found);
      decider = createDecider(found.tenants);
      if (stopping) return;
      election.start();
      report.start();
      loop.start();
      checkRegularly();
      void gather.start().then(loop.trigger);
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
    hasBundle: () => isWhole,
    alive: () => loop.runningMs() < controllerLimits.runMsMax,
  };
};
