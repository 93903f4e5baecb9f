/**
 * The breaker that the platform has on a URL: after failures in a row it is left alone for a while.
 *
 * closed     at first, and after a trial that succeeded; left after `failures` failures in a row
 * open       every call is refused; left for half-open once `openMs` have passed and a call comes
 * half-open  that one call is the trial, others are refused; its success closes, its failure opens again
 *
 * NICE names it and does not publish its rule: the figures are options, and this is the usual machine.
 */
import type { Clock } from '../../../pkg/process/clock.ts';

interface CallerBreakerOptions {
  readonly clock: Clock;
  /** In a row; 0: no breaker. */
  readonly failures: number;
  readonly openMs: number;
  readonly hooks?: { onOpen?(): void };
}

type Report = (failed: boolean) => void;

export interface CallerBreaker {
  /** @returns takes the result, safe to leave out; undefined when the call is refused */
  enter(): Report | undefined;
}

type State =
  | { readonly is: 'closed'; failed: number }
  | { readonly is: 'open'; readonly until: number }
  | { readonly is: 'half-open' };

export const createCallerBreaker = ({ clock, failures, openMs, hooks = {} }: CallerBreakerOptions): CallerBreaker => {
  let state: State = { is: 'closed', failed: 0 };

  const open = (): void => {
    state = { is: 'open', until: clock.now() + openMs };
    hooks.onOpen?.();
  };
  /** Results of calls that began in another state say nothing about this one. */
  const reportTo =
    (began: State): Report =>
    (failed) => {
      if (state !== began) return;
      if (state.is === 'closed') {
        state.failed = failed ? state.failed + 1 : 0;
        if (state.failed >= failures) open();
      } else if (failed) open();
      else state = { is: 'closed', failed: 0 };
    };

  return {
    enter: () => {
      if (failures === 0) return () => {};
      if (state.is === 'half-open' || (state.is === 'open' && clock.now() < state.until)) return undefined;
      if (state.is === 'open') state = { is: 'half-open' };
      return reportTo(state);
    },
  };
};
