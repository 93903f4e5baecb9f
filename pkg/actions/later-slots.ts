/**
 * Slots that are made when they are first used: of many tenants few have statements under way, and most of some kind none ever.
 *
 * A class, since there are two of them for each tenant: what stands in its prototype takes nothing of each.
 */
import type { Deadline } from '../resilience/deadline.ts';
import type { Slots } from '../resilience/slots.ts';

export class LaterSlots implements Slots {
  readonly #make: () => Slots;
  #made: Slots | undefined;

  constructor(make: () => Slots) {
    this.#make = make;
  }

  get inUse(): number {
    return this.#made?.inUse ?? 0;
  }

  get waiting(): number {
    return this.#made?.waiting ?? 0;
  }

  use<T>(deadline: Deadline, work: () => Promise<T>): Promise<T> {
    return this.#slots().use(deadline, work);
  }

  tryUse<T>(work: () => Promise<T>): Promise<T> | undefined {
    return this.#slots().tryUse(work);
  }

  close(error: Error): void {
    this.#slots().close(error);
  }

  #slots(): Slots {
    this.#made ??= this.#make();
    return this.#made;
  }
}
