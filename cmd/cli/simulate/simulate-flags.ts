/** The flags of `simulate`, and the scenario that they make without a file. */
import { requestLimits } from '../../../pkg/process/limits.ts';
import { simulateLimits } from '../../../pkg/process/simulate-limits.ts';
import { type Flags, required, UsageError, type Values } from '../flag.ts';
import { jsonObject } from '../json-object.ts';
import { signerFlags } from '../signer.ts';
import { failureKinds } from './repeat.ts';

const limits = simulateLimits;
const behaves = 'How the caller behaves';
const withoutFile = 'What it calls, without a scenario file';

export const simulateFlags = {
  url: { type: 'string', value: 'URL', help: 'of the service; /data-action is added when it has no path' },
  scenario: { type: 'string', short: 's', value: 'FILE', file: true, help: 'what to call and how often, YAML or JSON' },
  seed: {
    type: 'string',
    value: 'N',
    whole: { min: 0, max: limits.seedMax },
    help: "instead of the scenario's seed: the same seed makes the same bodies",
  },
  json: { type: 'boolean', help: 'print one JSON object instead of tables' },
  action: { type: 'string', group: withoutFile, value: 'NAME', help: 'action to call' },
  input: {
    type: 'string',
    group: withoutFile,
    value: 'JSON',
    help: 'its input without tenant_id, with values as in a scenario, e.g. {"id":{"range":[1,9]}}',
  },
  rate: {
    type: 'string',
    group: withoutFile,
    value: 'N',
    decimal: { min: 0.001, max: limits.ratePerSecondMax },
    help: 'calls/s, however long answers take',
  },
  duration: {
    type: 'string',
    group: withoutFile,
    value: 'SECONDS',
    decimal: { min: 0.001, max: limits.durationSecondsMax },
    help: 'stop after this long',
  },
  count: {
    type: 'string',
    group: withoutFile,
    value: 'N',
    whole: { min: 1, max: limits.countMax },
    help: 'stop after so many calls',
  },
  concurrency: {
    type: 'string',
    group: withoutFile,
    value: 'N',
    whole: { min: 1, max: limits.concurrencyMax },
    help: `with --rate: calls at once at most, ${limits.concurrency} when left out; without: so many callers, each waiting for its answer`,
  },
  'idempotency-key': {
    type: 'boolean',
    group: withoutFile,
    help: 'send an Idempotency-Key, the same over the repeats of a call',
  },
  'timeout-ms': {
    type: 'string',
    group: behaves,
    value: 'N',
    whole: { min: 1, max: requestLimits.callerWaitMsMax },
    default: String(requestLimits.callerWaitMsMax),
    help: 'give a request up after this long, where the scenario says nothing else',
  },
  repeats: {
    type: 'string',
    group: behaves,
    value: 'N',
    whole: { min: 0, max: limits.repeatsMax },
    default: String(limits.repeatsMax),
    help: 'tries after a failed one',
  },
  'repeat-on': {
    type: 'string',
    group: behaves,
    value: 'KINDS',
    words: failureKinds,
    list: true,
    default: 'network,timeout,5xx',
    help: 'what is tried again (an assumption: not published)',
  },
  'repeat-delay-ms': {
    type: 'string',
    group: behaves,
    value: 'N',
    whole: { min: 0, max: limits.repeatDelayMsMax },
    default: '0',
    help: 'before each repeat (not published)',
  },
  'honour-retry-after': { type: 'boolean', group: behaves, help: 'wait as long as Retry-After says (not published)' },
  queue: {
    type: 'string',
    group: behaves,
    value: 'N',
    whole: { min: 0, max: limits.queueMax },
    default: String(limits.queue),
    help: 'calls that wait for a place; more are not made (not published)',
  },
  'breaker-failed-percent': {
    type: 'string',
    group: behaves,
    value: 'N',
    whole: { min: 0, max: 100 },
    default: String(limits.breakerFailedPercent),
    help: "part of the requests without an answer or with a 5xx that opens the caller's breaker, 0 for none",
  },
  'breaker-window-ms': {
    type: 'string',
    group: behaves,
    value: 'N',
    whole: { min: limits.breakerWindowMsMin, max: limits.breakerWindowMsMax },
    default: String(limits.breakerWindowMs),
    help: 'of the requests in so many milliseconds',
  },
  'breaker-rate-min': {
    type: 'string',
    group: behaves,
    value: 'N',
    whole: { min: 0, max: limits.ratePerSecondMax },
    default: String(limits.breakerRateMin),
    help: 'requests a second, over that time, below which it never opens',
  },
  'breaker-open-ms': {
    type: 'string',
    group: behaves,
    value: 'N',
    whole: { min: 1, max: limits.breakerOpenMsMax },
    default: String(limits.breakerOpenMs),
    help: 'how long it stays open',
  },
  'follow-more': { type: 'boolean', group: behaves, help: 'call again for the keys that an answer names in `more`' },
  ...signerFlags,
} as const satisfies Flags;

export type SimulateFlags = Values<typeof simulateFlags>;

const scenarioFlags = ['action', 'input', 'rate', 'duration', 'count', 'concurrency', 'idempotency-key'] as const;

/** @throws UsageError where the flags of a run without a file stand beside one */
export const refuseScenarioFlags = (flags: SimulateFlags): void => {
  const found = scenarioFlags.find((name) => flags[name] !== undefined);
  if (found !== undefined) throw new UsageError(`--${found}: not with --scenario, where it stands in the file`);
};

/** @returns a scenario, not decoded yet @throws UsageError */
export const scenarioOfFlags = (flags: SimulateFlags): unknown => {
  const { rate, duration, count, concurrency } = flags;
  if (flags.action === undefined) throw new UsageError('--scenario or --action is required');
  const { action } = flags;
  const input = jsonObject(required(flags.input, 'input'), 'input');
  if (rate === undefined && concurrency === undefined) throw new UsageError('--rate or --concurrency is required');
  if (duration === undefined && count === undefined) throw new UsageError('--duration or --count is required');
  return {
    steps: [{ action, input, idempotencyKey: flags['idempotency-key'] ?? false }],
    phases: [{ rate, concurrency, durationSeconds: duration, count }],
  };
};
