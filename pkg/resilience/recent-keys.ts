/**
 * Whether more than so many different keys were noted within a while. It remembers as many as that takes, however many come.
 */
import type { Clock } from '../process/clock.ts';

interface RecentKeysOptions {
  readonly clock: Clock;
  /** The most that is asked about. */
  readonly max: number;
  readonly ms: number;
}

export class RecentKeys {
  readonly #options: RecentKeysOptions;
  /** The last `max` and one, by when each was noted last. */
  readonly #last: { readonly key: string; readonly at: number }[] = [];

  constructor(options: RecentKeysOptions) {
    this.#options = options;
  }

  note(key: string): void {
    const place = this.#last.findIndex((one) => one.key === key);
    if (place >= 0) this.#last.splice(place, 1);
    else if (this.#last.length > this.#options.max) this.#last.shift();
    this.#last.push({ key, at: this.#options.clock.now() });
  }

  /** Whether more than `count` different ones, at most `max`, were noted within the last `ms`. */
  areMoreThan(count: number): boolean {
    const { clock, ms } = this.#options;
    const oldest = this.#last.at(-1 - count);
    return oldest !== undefined && oldest.at > clock.now() - ms;
  }
}
