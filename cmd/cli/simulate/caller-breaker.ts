/**
 * The breaker that the platform has on REST API actions: when too large a part of a rolling window's requests failed, none is made for a while.
 * Where few requests are made, failures open nothing.
 *
 * closed  at first, and again once `openMs` have passed, with nothing counted; left when the window is bad
 * open    every call is refused
 *
 * The rule and its figures are NICE's: help.nicecxone.com/zh-cn/content/studio/actions/rest_api/rest_api.htm (read in its Chinese edition). That
 * the rate is meant over the window, and that no single trial comes first, is how it is read here.
 */
import type { Clock } from '../../../pkg/process/clock.ts';

export interface BreakerRule {
  /** Of the requests in the window, in percent; 0: no breaker. */
  readonly failedPercent: number;
  readonly windowMs: number;
  /** Requests a second, over the window, below which it never opens. */
  readonly rateMin: number;
  readonly openMs: number;
}

interface CallerBreakerOptions {
  readonly clock: Clock;
  readonly rule: BreakerRule;
  readonly hooks?: { onOpen?(): void };
}

type Report = (failed: boolean) => void;

export interface CallerBreaker {
  /** @returns takes the result, safe to leave out; undefined when the call is refused */
  enter(): Report | undefined;
}

interface Counts {
  requests: number;
  failed: number;
}

type Slice = Counts & { readonly began: number };

/** The window moves by a slice at a time. */
const slicesOfWindow = 30;

export const createCallerBreaker = ({ clock, rule, hooks = {} }: CallerBreakerOptions): CallerBreaker => {
  const { failedPercent, windowMs, openMs } = rule;
  const requestsMin = Math.max(1, (rule.rateMin * windowMs) / 1_000);
  let openUntil = Number.NEGATIVE_INFINITY;
  let slices: Slice[] = [];
  let window: Counts = { requests: 0, failed: 0 };

  const count = (what: Counts, { requests, failed }: Counts, sign: 1 | -1): void => {
    what.requests += sign * requests;
    what.failed += sign * failed;
  };

  const currentSlice = (): Slice => {
    const now = clock.now();
    for (let first = slices[0]; first && first.began <= now - windowMs; first = slices[0]) {
      count(window, first, -1);
      slices.shift();
    }
    const last = slices.at(-1);
    if (last && now - last.began < windowMs / slicesOfWindow) return last;
    const next = { began: now, requests: 0, failed: 0 };
    slices.push(next);
    return next;
  };

  const report = (failed: boolean): void => {
    const slice = currentSlice();
    for (const counts of [slice, window]) count(counts, { requests: 1, failed: failed ? 1 : 0 }, 1);
    if (window.requests < requestsMin || window.failed * 100 < failedPercent * window.requests) return;
    openUntil = clock.now() + openMs;
    slices = [];
    window = { requests: 0, failed: 0 };
    hooks.onOpen?.();
  };

  return {
    enter: () => {
      if (failedPercent === 0) return () => {};
      if (clock.now() < openUntil) return undefined;
      const began = openUntil;
      // A request that began before it opened says nothing about what comes after.
      return (failed) => {
        if (began === openUntil) report(failed);
      };
    },
  };
};
