/**
 * A scenario: what the caller asks for (steps) and how often (phases). Read from a file or made from flags, one codec for both.
 *
 * How the caller behaves (repeats, breaker, queue) is no part of it: those are flags of `simulate`.
 */
import type * as t from 'io-ts';
import type { Problem } from '../../../pkg/errors/problem.ts';
import { requestLimits } from '../../../pkg/process/limits.ts';
import { simulateLimits } from '../../../pkg/process/simulate-limits.ts';
import { type Codec, ruled, scalar } from '../../../pkg/tenant/codec.ts';
import { closed, defaulted, list, record } from '../../../pkg/tenant/codec-containers.ts';
import { flag, oneOf, text, whole } from '../../../pkg/tenant/codec-scalars.ts';
import { valueSpec } from './value-spec.ts';

const limits = simulateLimits;

/** A number above 0. */
const positive = (max: number): Codec<number> =>
  scalar(`a number above 0, at most ${max}`, (value) =>
    typeof value === 'number' && value > 0 && value <= max ? value : undefined,
  );

const fields = record(valueSpec, { entriesMax: limits.fieldsMax, keyCharactersMax: limits.nameCharactersMax });
const headerValue = text({
  max: limits.headerValueCharactersMax,
  pattern: /^[\t\x20-\x7e]*$/,
  expected: 'a header value in printable ASCII',
});
const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** They belong to the connection or say how long the body is. */
const ownHeaders =
  /^(?:connection|content-length|expect|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/i;

const headers = ruled(
  record(headerValue, { entriesMax: limits.headersMax, keyCharactersMax: limits.nameCharactersMax }),
  (value) =>
    Object.keys(value).every((name) => headerName.test(name) && !ownHeaders.test(name))
      ? []
      : [{ path: '', expected: 'names of headers that a script may set' }],
);

const expectation = ruled(
  closed(
    { status: defaulted(whole(100, 599), 200) },
    { code: text({ min: 1, max: 64, pattern: /^[a-z_]+$/, expected: 'a code, e.g. rate_limited' }) },
  ),
  ({ status, code }) =>
    code !== undefined && status === 200 ? [{ path: 'status', expected: 'the status that the code comes with' }] : [],
);

const step = closed(
  {
    action: text({ min: 1, max: limits.nameCharactersMax }),
    input: defaulted(fields, {}),
    /** How often, compared with the other steps. */
    weight: defaulted(whole(1, limits.weightMax), 1),
    expect: defaulted(expectation, { status: 200 }),
    headers: defaulted(headers, {}),
    /** Sends an Idempotency-Key of its own with each call, the same over the call's repeats. */
    idempotencyKey: defaulted(flag, false),
  },
  {
    context: fields,
    timeoutMs: whole(1, requestLimits.callerWaitMsMax),
    /** The list of `input` that --follow-more fills with what an answer named in `more`; left out: its only list. */
    moreInto: text({ min: 1, max: limits.nameCharactersMax }),
  },
);

const phaseFields = closed(
  {
    /** Calls at once at most; without a rate: so many callers, each asking again once it is answered. */
    concurrency: defaulted(whole(1, limits.concurrencyMax), limits.concurrency),
  },
  {
    /** Calls/s, whatever the answers take. */
    rate: positive(limits.ratePerSecondMax),
    durationSeconds: positive(limits.durationSecondsMax),
    count: whole(1, limits.countMax),
  },
);

const phase = ruled(phaseFields, ({ durationSeconds, count }) =>
  durationSeconds === undefined && count === undefined
    ? [{ path: '', expected: 'durationSeconds or count, or both' }]
    : [],
);

/** How long it takes to ask, as far as that is known. */
const phaseSeconds = ({
  rate,
  durationSeconds = Number.POSITIVE_INFINITY,
  count = Number.POSITIVE_INFINITY,
}: PhaseSpec) => (rate === undefined ? 0 : Math.min(durationSeconds, count / rate));

const phasesInTime = (phases: readonly PhaseSpec[]): readonly Problem[] =>
  phases.flatMap((spec, at) =>
    phaseSeconds(spec) <= limits.durationSecondsMax
      ? []
      : [{ path: `phases[${at}].count`, expected: `what the rate does in ${limits.durationSecondsMax} s` }],
  );

const scenarioFields = closed({
  seed: defaulted(whole(0, limits.seedMax), 1),
  /** At random by weight, or one after the other. */
  order: defaulted(oneOf(['weighted', 'sequence']), 'weighted'),
  steps: list(step, 1, limits.stepsMax),
  phases: list(phase, 1, limits.phasesMax),
});

export type StepSpec = t.TypeOf<typeof step>;
export type PhaseSpec = t.TypeOf<typeof phaseFields>;
export type Scenario = t.TypeOf<typeof scenarioFields>;

export const scenario: Codec<Scenario> = ruled(scenarioFields, ({ phases, steps }) => [
  ...phasesInTime(phases),
  ...steps.flatMap(({ moreInto, input }, at) =>
    moreInto === undefined || Object.hasOwn(input, moreInto)
      ? []
      : [{ path: `steps[${at}].moreInto`, expected: 'the name of an input' }],
  ),
  ...steps.flatMap(({ input }, at) =>
    Object.hasOwn(input, 'tenant_id')
      ? [{ path: `steps[${at}].input.tenant_id`, expected: 'no such field: --tenant gives it' }]
      : [],
  ),
]);
