/** A bound on how many are inside at once. Nobody waits here: who does not fit is refused. */

interface Bulkhead {
  readonly inFlight: number;
  /** True means that `leave` has to follow, once. */
  tryEnter(): boolean;
  leave(): void;
  /** Those inside stay, even when there are more of them than the new limit. */
  configure(limit: number): void;
}

export const createBulkhead = (initialLimit: number): Bulkhead => {
  let limit = initialLimit;
  let inFlight = 0;
  return {
    get inFlight() {
      return inFlight;
    },
    tryEnter: () => {
      if (inFlight >= limit) return false;
      inFlight += 1;
      return true;
    },
    leave: () => {
      if (inFlight === 0) throw new Error('bulkhead: leave without enter');
      inFlight -= 1;
    },
    configure: (next) => {
      limit = next;
    },
  };
};
