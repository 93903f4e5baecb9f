/**
 * Where everything that happens in the controller becomes a metric or a log line. Names objects and reasons, never a value of one.
 */
import type { ControllerHooks } from '../../pkg/controller/controller.ts';
import type { ApiFailure } from '../../pkg/kubernetes/api-result.ts';
import { dataActionPlural } from '../../pkg/kubernetes/resource.ts';
import type { Logger } from '../../pkg/telemetry/logger.ts';
import type { Metrics } from '../../pkg/telemetry/metrics.ts';

export const createObserver = (metrics: Metrics, logger: Logger): ControllerHooks => {
  const tellTrouble = createTrouble(logger);
  metrics.set('leader', {}, 0);
  metrics.set('watch_connected', {}, 0);
  metrics.set('workqueue_depth', {}, 0);
  const bug = (error: unknown): void => logger.error({ error }, 'unexpected error');

  return {
    watch: {
      onRelist: (resource, reason) => {
        metrics.count('watch_relists_total', { reason });
        if (reason !== 'start') logger.info({ resource, reason }, 'listing everything');
      },
      onMissed: (resource, objects) => {
        metrics.count('watch_missed_total', {}, objects);
        logger.warn({ resource, objects }, 'the watch had missed changes');
      },
      onFailure: (resource, failure) => tellTrouble(resource, failure, troubleWith(resource, failure)),
      onBroken: bug,
    },
    status: {
      onDepth: (depth) => metrics.set('workqueue_depth', {}, depth),
      onStatus: (result, failure) => {
        metrics.count('status_writes_total', { result: result === 'written' ? 'success' : 'error' });
        if (failure) tellTrouble('status', failure, 'status not written yet');
        else tellTrouble.over('status');
      },
      onEvent: (result, failure) => {
        metrics.count('events_total', { result: result === 'written' ? 'success' : eventResult(result) });
        if (failure) tellTrouble('events', failure, 'Event not written');
        else if (result === 'written') tellTrouble.over('events');
      },
      onBroken: bug,
    },
    report: {
      onReachable: (reachable) => {
        metrics.set('handler_reachable', {}, reachable ? 1 : 0);
        if (reachable) logger.info('handler says what it serves');
        else logger.warn('handler does not say what it serves');
      },
    },
    election: {
      onLeading: () => {
        metrics.set('leader', {}, 1);
        tellTrouble.over('lease');
        logger.info('leading: writes status and Events');
      },
      onLost: () => {
        metrics.set('leader', {}, 0);
        logger.info('not leading any more');
      },
      onFailure: (failure) => tellTrouble('lease', failure, 'Lease cannot be had'),
    },
    onConnected: (connected) => {
      metrics.set('watch_connected', {}, connected ? 1 : 0);
      if (connected) for (const resource of [dataActionPlural, 'secrets']) tellTrouble.over(resource);
    },
    onRun: (result, ms, error) => {
      metrics.observe('reconcile_duration_seconds', { result }, ms / 1_000);
      if (result === 'error') logger.error({ error }, 'bundle not written; trying again');
    },
    onBundle: ({ revision, written }, tenants) => {
      metrics.forget('bundle_revision_info');
      metrics.set('bundle_revision_info', { revision }, 1);
      metrics.set('bundle_tenants', {}, tenants);
      logger.info({ revision, tenants, shards: written.length }, 'bundle written');
    },
  };
};

const eventResult = (result: 'failed' | 'dropped'): string => (result === 'failed' ? 'error' : 'dropped');

/** The first thing that whoever installs this meets is that the kind is not there yet. */
const troubleWith = (resource: string, { reason }: ApiFailure): string =>
  resource === dataActionPlural && reason === 'not_found'
    ? 'the kind is not there: apply deploy/crds'
    : 'API server cannot be asked';

/** Attempts go on for ever: each kind of trouble with a thing is told once, and once that it is over. */
const createTrouble = (logger: Logger) => {
  const last = new Map<string, string>();
  const tell = (what: string, { reason, status, code }: ApiFailure, message: string): void => {
    const trouble = `${reason} ${status} ${code}`;
    if (last.get(what) === trouble) return;
    last.set(what, trouble);
    logger.warn({ resource: what, reason, status, code }, message);
  };
  const over = (what: string): void => {
    if (last.delete(what)) logger.info({ resource: what }, 'trouble is over');
  };
  return Object.assign(tell, { over });
};
