/**
 * Whether more than so many different keys were noted within a while. It remembers one more than that, however many come.
 */
import type { Clock } from '../process/clock.ts';

interface RecentKeysOptions {
  readonly clock: Clock;
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

  /** Whether more than `max` different ones were noted within the last `ms`. */
  areMany(): boolean {
    const { clock, max, ms } = this.#options;
    const [first] = this.#last;
    return this.#last.length > max && first !== undefined && first.at > clock.now() - ms;
  }
}
