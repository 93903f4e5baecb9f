/**
 * Every metric of the controller, defined once: the README's table is compared with this list by a test.
 */
import type { MetricEntry } from './metric-table.ts';

export const controllerMetricTable = {
  watch_connected: {
    type: 'gauge',
    labels: [],
    help: '1 while every watch is open; 0 for long: changes are not seen, what is configured goes on.',
  },
  watch_relists_total: {
    type: 'counter',
    labels: ['reason'],
    help: 'Times everything was listed: start, gone (410), missed, disorder or failed.',
  },
  watch_missed_total: {
    type: 'counter',
    labels: [],
    help: 'Objects that a regular look found and no watch had told of.',
  },
  reconcile_duration_seconds: {
    type: 'histogram',
    labels: ['result'],
    help: 'From the objects to the bundle on disk; result is success or error.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  workqueue_depth: { type: 'gauge', labels: [], help: 'Objects whose status waits to be looked at.' },
  leader: { type: 'gauge', labels: [], help: '1 in the one that writes status and Events.' },
  status_writes_total: { type: 'counter', labels: ['result'], help: 'Status written; result is success or error.' },
  events_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Events of Kubernetes; result is success, error or dropped (too many).',
  },
  bundle_tenants: { type: 'gauge', labels: [], help: 'Tenants in the bundle.' },
  bundle_revision_info: { type: 'gauge', labels: ['revision'], help: '1 for the revision of the bundle last written.' },
  handler_reachable: { type: 'gauge', labels: [], help: '1 while the handler says what it serves.' },
} as const satisfies Record<string, MetricEntry>;
