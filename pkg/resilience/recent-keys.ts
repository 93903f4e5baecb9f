/**
 * Whether more than so many different keys came within a while. It remembers one more than that, however many come.
 */
import type { Clock } from '../process/clock.ts';

interface RecentKeysOptions {
  readonly clock: Clock;
  readonly max: number;
  readonly ms: number;
}

export class RecentKeys {
  readonly #options: RecentKeysOptions;
  /** The last `max` and one, by when each came last. */
  readonly #last: { readonly key: string; readonly at: number }[] = [];

  constructor(options: RecentKeysOptions) {
    this.#options = options;
  }

  /** @returns whether it is one of more than `max` */
  note(key: string): boolean {
    const { clock, max, ms } = this.#options;
    const now = clock.now();
    const place = this.#last.findIndex((one) => one.key === key);
    if (place >= 0) this.#last.splice(place, 1);
    else if (this.#last.length > max) this.#last.shift();
    this.#last.push({ key, at: now });
    const [first] = this.#last;
    return this.#last.length > max && first !== undefined && first.at > now - ms;
  }
}
