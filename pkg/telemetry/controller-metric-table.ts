/**
 * Every metric of the controller, defined once: the README's table is compared with this list by a test.
 */
import type { MetricEntry } from './metric-table.ts';

export const controllerMetricTable = {
  watch_connected: {
    type: 'gauge',
    labels: [],
    help: '1 while every watch at the API server is open, 0 while not: changes do not arrive, and what is configured stays.',
  },
  watch_relists_total: {
    type: 'counter',
    labels: ['reason'],
    help: 'Times a resource was listed anew at the API server; reason is start, gone (position too old, 410), missed (a change was), disorder (of events) or failed (the watch).',
  },
  watch_missed_total: {
    type: 'counter',
    labels: [],
    help: 'Objects whose change a regular comparison found and no watch had told of.',
  },
  reconcile_duration_seconds: {
    type: 'histogram',
    labels: ['result'],
    help: 'Seconds from the objects to the bundle on disk, for each run; result is success or error (the bundle was not written).',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  workqueue_depth: { type: 'gauge', labels: [], help: 'DataActionConfigs that wait for their status to be looked at.' },
  leader: {
    type: 'gauge',
    labels: [],
    help: '1 while this controller holds the Lease and so writes status and Events, 0 while not.',
  },
  status_writes_total: {
    type: 'counter',
    labels: ['result'],
    help: "Writes of a DataActionConfig's status; result is success or error.",
  },
  events_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Kubernetes Events of DataActionConfigs; result is success, error (not written) or dropped (too many).',
  },
  bundle_tenants: { type: 'gauge', labels: [], help: 'Tenants in the bundle that the controller wrote last.' },
  bundle_revision_info: {
    type: 'gauge',
    labels: ['revision'],
    help: 'Always 1; the label is the revision of the bundle that the controller wrote last.',
  },
  handler_reachable: {
    type: 'gauge',
    labels: [],
    help: '1 while the handler of the same pod tells the controller what it serves, 0 while not.',
  },
} as const satisfies Record<string, MetricEntry>;
