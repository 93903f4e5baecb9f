/**
 * A circuit breaker on the package brakes: it runs the calls, times them out, and holds the open flag and its generations.
 *
 * Its ratio over a window, its blind closing after a while and its statistics (three timers that `destroy` leaves
 * behind) are not what is wanted here. Brakes is built from methods that decide one thing each, so a subclass overrides
 * just those: what a result means, and how an open circuit comes back, which is by probes on the injected clock.
 *
 * closed     at first, and after a probe that succeeded; left after `failures` failures in a row within `windowMs`
 * open       every call is refused; left for half-open when the interval has passed, or by probeNow
 * half-open  one probe is under way, calls are still refused; its success closes, its failure or time-out opens again
 */
import Brakes from 'brakes';
import BrakesTimeOutError from 'brakes/lib/TimeOutError.js';
import type { Clock } from '../process/clock.ts';
import { createDeadline, type Deadline } from './deadline.ts';

export type BreakerState = 'closed' | 'half-open' | 'open';

interface BreakerOptions {
  readonly name: string;
  readonly clock: Clock;
  /** Of a call and of a probe. A call's is measured by the system's timers, whatever the clock. */
  readonly timeoutMs: number;
  readonly failures: number;
  readonly windowMs: number;
  /** Resolves when the dependency is back. */
  readonly probe: () => Promise<unknown>;
  readonly probeIntervalMs: number;
  readonly hooks?: { onState?(state: BreakerState): void };
}

export interface Breaker {
  /** What `work` settles to; a late result of work that timed out is ignored.
   * @throws  BreakerOpenError at once while not closed; TimeoutError after `timeoutMs` */
  run<T>(work: () => Promise<T>): Promise<T>;
  state(): BreakerState;
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
  return {
    run: (work) => {
      if (circuit.isOpen()) return Promise.reject(new BreakerOpenError(`${options.name}: breaker open`));
      // A native promise: bluebird's loses the caller's AsyncLocalStorage.
      return new Promise((resolve, reject) => {
        circuit.exec(work).then(resolve, (error: unknown) => {
          reject(error instanceof BrakesTimeOutError ? timedOut(options, error) : error);
        });
      });
    },
    state: () => circuit.state(),
    probeNow: () => circuit.probeNow(),
    close: () => circuit.stop(),
  };
};

const timedOut = ({ name, timeoutMs }: BreakerOptions, cause: Error): TimeoutError =>
  new TimeoutError(`${name}: no answer within ${timeoutMs} ms`, { cause });

class ProbedCircuit extends Brakes {
  readonly #options: BreakerOptions;
  /** When the last failures in a row happened, oldest first; at most `failures` of them. */
  readonly #failedAt: number[] = [];
  #cancelTimer: (() => void) | undefined;
  /** Of the probe under way. */
  #probeDeadline: Deadline | undefined;
  #stopped = false;

  constructor(options: BreakerOptions) {
    // The service is async, so that work that throws at once leaves no timer behind.
    super(async (work) => work(), {
      name: options.name,
      timeout: options.timeoutMs,
      isPromise: true,
      registerGlobal: false,
      modifyError: false,
      bucketNum: 1,
    });
    this.#options = options;
    this._stats.stopSnapshots();
    this._stats._stopBucketSpinning();
  }

  state(): BreakerState {
    if (!this.isOpen()) return 'closed';
    return this.#probeDeadline ? 'half-open' : 'open';
  }

  probeNow(): void {
    if (this.state() !== 'open' || this.#stopped) return;
    this.#cancelTimer?.();
    void this.#probe();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#probeDeadline?.close();
    this.destroy();
  }

  protected override _successHandler(): void {
    this.#failedAt.length = 0;
  }

  protected override _timeoutHandler(runTimeMs: number, execGeneration: number): void {
    this._failureHandler(runTimeMs, execGeneration);
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
    this.#cancelTimer = this.#options.clock.after(this.#options.probeIntervalMs, () => void this.#probe());
  }

  async #probe(): Promise<void> {
    const deadline = createDeadline(this.#options.clock, this.#options.timeoutMs);
    this.#probeDeadline = deadline;
    this.#announce();
    const succeeded = await this.#probeSucceeds(deadline);
    if (this.#stopped) return;
    this.#probeDeadline = undefined;
    if (succeeded) {
      this.#failedAt.length = 0;
      this._close();
    } else {
      this.#scheduleProbe();
    }
    this.#announce();
  }

  async #probeSucceeds(deadline: Deadline): Promise<boolean> {
    try {
      await deadline.race(this.#options.probe());
      return true;
    } catch {
      return false;
    } finally {
      deadline.close();
    }
  }

  #announce(): void {
    this.#options.hooks?.onState?.(this.state());
  }
}
