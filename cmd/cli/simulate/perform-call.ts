/**
 * One call as the platform makes it: signed anew for each try, repeated after a failure, stopped by the breaker; and, as a
 * script would, one more call for what an answer left in `more`.
 */

import { type Clock, sleep } from '../../../pkg/process/clock.ts';
import type { Call } from './call-maker.ts';
import type { CallerBreaker } from './caller-breaker.ts';
import { judge } from './judge.ts';
import type { Outcome, Verdict } from './outcome.ts';
import { type FailureKind, isFailure, type RepeatPolicy, repeatAfterMs } from './repeat.ts';
import type { SendRequest } from './send-request.ts';
import { countCall, countRequest, type Tally } from './tally.ts';

/** Signs a body. @param messageId  of the call: the same for its repeats, for schemes that have one */
type SignBody = (body: Uint8Array, now: number, messageId: string) => Readonly<Record<string, string>>;

export interface PerformOptions {
  readonly clock: Clock;
  readonly send: SendRequest;
  readonly sign: SignBody;
  /** Different in every run. */
  readonly newId: () => string;
  readonly timeoutMs: number;
  readonly policy: RepeatPolicy;
  readonly breaker: CallerBreaker;
  readonly tally: Tally;
  readonly followMore: boolean;
  readonly signal: AbortSignal;
}

/** What the breaker counts, whatever is repeated: a URL that is down or unreachable. */
const breakerFailures: ReadonlySet<FailureKind> = new Set(['network', 'timeout', '5xx']);

/** Sends it once. @returns undefined when the breaker does not let it through */
const attempt = async (call: Call, id: string, isRepeat: boolean, options: PerformOptions) => {
  const { clock, send, sign, tally, breaker } = options;
  const report = breaker.enter();
  if (!report) return undefined;
  const body = Buffer.from(JSON.stringify(call.body));
  const headers = {
    ...call.headers,
    ...(call.idempotencyKey ? { 'Idempotency-Key': id } : {}),
    ...sign(body, Math.floor(clock.wall() / 1_000), id),
  };
  tally.sent += 1;
  if (isRepeat) tally.repeats += 1;
  const began = clock.now();
  const outcome = await send({ body, headers, timeoutMs: call.timeoutMs ?? options.timeoutMs });
  countRequest(tally, outcome, clock.now() - began);
  report(isFailure(outcome, breakerFailures));
  return outcome;
};

/** @returns what came of the last try; undefined when the breaker let none through */
const tryAndRepeat = async (call: Call, options: PerformOptions): Promise<Outcome | undefined> => {
  const { clock, policy, signal } = options;
  const id = options.newId();
  let outcome = await attempt(call, id, false, options);
  for (let repeated = 0; outcome; repeated += 1) {
    const pauseMs = repeatAfterMs(policy, outcome, repeated);
    if (pauseMs === undefined) break;
    if (pauseMs > 0) await sleep(clock, pauseMs, signal).catch(() => {});
    if (signal.aborted) return { kind: 'given_up' };
    const next = await attempt(call, id, true, options);
    if (!next) break;
    outcome = next;
  }
  return outcome;
};

/** Keys left for another call. */
const moreOf = (outcome: Outcome | undefined): readonly unknown[] => {
  const json: unknown = outcome?.kind === 'answer' && outcome.status === 200 ? outcome.json : undefined;
  const more: unknown = Object(Object(json).output).more;
  return Array.isArray(more) ? more : [];
};

/** @returns the call for the rest; undefined when it would not become less */
const pageOf = (call: Call, more: readonly unknown[]): Call | undefined => {
  const { moreInto, body } = call;
  const asked = moreInto === undefined ? undefined : body.input[moreInto];
  if (moreInto === undefined || !Array.isArray(asked) || more.length >= asked.length) return undefined;
  return { ...call, body: { ...body, input: { ...body.input, [moreInto]: more } } };
};

/** Makes one call and counts it. @returns the call for the rest, if there is one to make, and whether all was as expected */
const performOne = async (call: Call, from: number, options: PerformOptions) => {
  const { clock, tally, followMore } = options;
  const outcome = await tryAndRepeat(call, options);
  const verdict: Verdict = outcome ? judge(outcome, call.expect) : 'breaker_open';
  const more = verdict === 'as_expected' ? moreOf(outcome) : [];
  if (more.length > 0) tally.moreAnswers += 1;
  const next = followMore && more.length > 0 ? pageOf(call, more) : undefined;
  const isStuck = followMore && more.length > 0 && !next;
  const ended = { step: call.step, verdict: isStuck ? 'more_stuck' : verdict } as const;
  countCall(tally, outcome ? { ...ended, ms: clock.now() - from } : ended);
  return { next, ok: ended.verdict === 'as_expected' };
};

/** Makes the call, and those for the rest: each has fewer keys than the one before. @returns whether all was as expected */
export const performCall = async (call: Call, scheduledAt: number, options: PerformOptions): Promise<boolean> => {
  const { clock, tally } = options;
  let last = await performOne(call, scheduledAt, options);
  while (last.next) {
    tally.wanted += 1;
    tally.pages += 1;
    last = await performOne(last.next, clock.now(), options);
  }
  return last.ok;
};
