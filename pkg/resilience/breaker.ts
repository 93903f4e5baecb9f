/**
 * A circuit breaker on the package brakes: it runs the calls and holds the open flag and its generations.
 *
 * Its ratio over a window, its blind closing after a while and its statistics (three timers that `destroy` leaves
 * behind) are not what is wanted here. Brakes is built from methods that decide one thing each, so a subclass overrides
 * just those: what a result means, and how an open circuit comes back, which is by probes on the injected clock. Its time-outs blame the
 * dependency for a stall of this process, so calls, trials and probes have timers of ours.
 *
 * closed     at first, and after a probe that succeeded; left after `failures` failures in a row within `windowMs`
 * open       every call is refused; left for half-open when the interval has passed, or by probeNow
 * half-open  one probe is under way, calls are still refused; its success closes, its failure or time-out opens again.
 *            Where a dependency has nothing to probe, the next call is the probe: it is waited for, and let through alone
 */
import Brakes from 'brakes';
import type { Clock } from '../process/clock.ts';

export type BreakerState = 'closed' | 'half-open' | 'open';

interface BreakerOptions {
  readonly name: string;
  readonly clock: Clock;
  /** Of a call and of a probe. */
  readonly timeoutMs: number;
  readonly failures: number;
  readonly windowMs: number;
  /** Resolves when the dependency is back; left out: a real call is let through in its place. */
  readonly probe?: () => Promise<unknown>;
  /** Whether an error of a call counts against the dependency; one that does not counts for nothing. Default: all do. */
  readonly isFailure?: (error: unknown) => boolean;
  readonly probeIntervalMs: number;
  readonly hooks?: { onState?(state: BreakerState): void };
}

export interface Breaker {
  /** What `work` settles to; a late result of work that timed out is ignored.
   * @throws  BreakerOpenError at once while not closed; TimeoutError after `timeoutMs`, at the earliest */
  run<T>(work: () => Promise<T>): Promise<T>;
  state(): BreakerState;
  /** Until a call may be let through again; 0 where the next one is. */
  retryAfterMs(): number;
  /** Does not wait for the interval. Only while open; nothing while a probe is under way. */
  probeNow(): void;
  /** No probe starts any more, and one under way changes nothing; the state stays. Safe twice. */
  close(): void;
}

export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError';
}

export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

export const createBreaker = (options: BreakerOptions): Breaker => {
  const circuit = new ProbedCircuit(options);
  // Made once: under load every request meets it, and its stack would say the same each time.
  const open = new BreakerOpenError(`${options.name}: breaker open`);
  return {
    run: (work) => {
      if (circuit.awaitsTrial()) return circuit.trial(work);
      if (circuit.isOpen()) return Promise.reject(open);
      // A native promise: bluebird's loses the caller's AsyncLocalStorage.
      return new Promise((resolve, reject) => {
        circuit.exec(work).then(resolve, reject);
      });
    },
    state: () => circuit.state(),
    retryAfterMs: () => circuit.retryAfterMs(),
    probeNow: () => circuit.probeNow(),
    close: () => circuit.stop(),
  };
};

const everyError = (): boolean => true;

const timedOut = ({ name, timeoutMs }: BreakerOptions): TimeoutError =>
  new TimeoutError(`${name}: no answer within ${timeoutMs} ms`);

/** Of brakes, which has to have one: the longest that a timer can have. */
const neverMs = 2 ** 31 - 1;

/** A time-out's parts: this process has to have listened in each of them. */
const timeoutParts = 4;

interface TimedWork<T> {
  /** To what the work settles to, or to a TimeoutError. */
  readonly settled: Promise<T>;
  /** For work that nobody waits for any more. */
  untime(): void;
}

/** Time that this process was busy, and did not hear of an answer or send the rest of a long command, counts as one part at most, however long
 * it was. */
const inTime = <T>(work: () => Promise<T>, options: BreakerOptions): TimedWork<T> => {
  const { promise: settled, resolve, reject } = Promise.withResolvers<T>();
  let cancel = (): void => {};
  const judge = (): void => reject(timedOut(options));
  const wait = (parts: number): void => {
    const next = parts > 1 ? () => wait(parts - 1) : judge;
    cancel = options.clock.after(Math.ceil(options.timeoutMs / timeoutParts), () => {
      // What has arrived meanwhile is read first.
      const heard = setImmediate(next);
      cancel = () => clearImmediate(heard);
    });
  };
  wait(timeoutParts);
  // Async, so that work that throws at once leaves no timer behind.
  const working = (async () => work())();
  working.finally(() => cancel()).then(resolve, reject);
  return { settled, untime: () => cancel() };
};

class ProbedCircuit extends Brakes {
  readonly #options: BreakerOptions;
  /** When the last failures in a row happened, oldest first; at most `failures` of them. */
  readonly #failedAt: number[] = [];
  /** Of the interval until the next probe, or of the probe under way. */
  #cancelTimer: (() => void) | undefined;
  /** A probe is under way, or a call in its place. */
  #probing = false;
  /** Half-open, and the next call is the probe. */
  #awaitsTrial = false;
  #probeAt = 0;
  #announced: BreakerState = 'closed';
  #stopped = false;

  constructor(options: BreakerOptions) {
    const { isFailure = everyError } = options;
    super((work) => inTime(work, options).settled, {
      name: options.name,
      timeout: neverMs,
      isPromise: true,
      registerGlobal: false,
      modifyError: false,
      bucketNum: 1,
      isFailure: (error) => error instanceof TimeoutError || isFailure(error),
    });
    this.#options = options;
    this._stats.stopSnapshots();
    this._stats._stopBucketSpinning();
  }

  state(): BreakerState {
    if (!this.isOpen()) return 'closed';
    return this.#probing || this.#awaitsTrial ? 'half-open' : 'open';
  }

  awaitsTrial(): boolean {
    return this.#awaitsTrial;
  }

  retryAfterMs(): number {
    return this.state() === 'open' ? Math.max(0, this.#probeAt - this.#options.clock.now()) : 0;
  }

  probeNow(): void {
    if (this.state() !== 'open' || this.#stopped) return;
    this.#cancelTimer?.();
    this.#halfOpen();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
    this.destroy();
  }

  protected override _successHandler(): void {
    this.#failedAt.length = 0;
  }

  protected override _failureHandler(_runTimeMs: number, execGeneration: number): void {
    if (execGeneration !== this._circuitGeneration) return;
    const { clock, failures, windowMs } = this.#options;
    const now = clock.now();
    this.#failedAt.push(now);
    if (this.#failedAt.length > failures) this.#failedAt.shift();
    const [oldest = now] = this.#failedAt;
    if (this.#failedAt.length === failures && now - oldest <= windowMs) this._open();
  }

  /** Brakes' own would close the circuit unasked after a while. */
  protected override _resetCircuitTimeout(): void {
    this.#announce();
    this.#scheduleProbe();
  }

  #scheduleProbe(): void {
    if (this.#stopped) return;
    const { clock, probeIntervalMs } = this.#options;
    this.#probeAt = clock.now() + probeIntervalMs;
    this.#cancelTimer = clock.after(probeIntervalMs, () => this.#halfOpen());
  }

  #halfOpen(): void {
    const { probe } = this.#options;
    if (probe) this.#probe(probe);
    else this.#awaitsTrial = true;
    this.#announce();
  }

  #probe(probe: () => Promise<unknown>): void {
    this.#probing = true;
    this.#announce();
    if (this.#stopped) return;
    const { settled, untime } = inTime(probe, this.#options);
    this.#cancelTimer = untime;
    if (this.#stopped) untime();
    this.#decideBy(settled, everyError).catch(() => {});
  }

  /** Its time-out outlasts `stop`: somebody waits for it. */
  trial<T>(work: () => Promise<T>): Promise<T> {
    this.#awaitsTrial = false;
    this.#probing = true;
    return this.#decideBy(inTime(work, this.#options).settled, this.#options.isFailure ?? everyError);
  }

  /** What `settled` settles to. Its success closes, its failure opens again; what is neither leaves it to the next call. */
  async #decideBy<T>(settled: Promise<T>, isFailure: (error: unknown) => boolean): Promise<T> {
    try {
      const result = await settled;
      this.#decide('closed');
      return result;
    } catch (error) {
      this.#decide(error instanceof TimeoutError || isFailure(error) ? 'open' : 'half-open');
      throw error;
    }
  }

  #decide(state: BreakerState): void {
    if (this.#stopped) return;
    this.#probing = false;
    this.#cancelTimer = undefined;
    if (state === 'closed') {
      this.#failedAt.length = 0;
      this._close();
    } else if (state === 'open') this.#scheduleProbe();
    else this.#awaitsTrial = true;
    this.#announce();
  }

  #announce(): void {
    const state = this.state();
    if (state === this.#announced) return;
    this.#announced = state;
    this.#options.hooks?.onState?.(state);
  }
}
