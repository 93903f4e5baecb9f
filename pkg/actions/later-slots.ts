/**
 * Slots that are made when they are first used: of many tenants few have statements under way, and most of some kind none ever.
 *
 * A class, since there are two of them for each tenant: what stands in its prototype takes nothing of each.
 */
import type { Deadline } from '../resilience/deadline.ts';
import type { Slots } from '../resilience/slots.ts';

export class LaterSlots implements Pick<Slots, 'use'> {
  readonly #make: () => Slots;
  #made: Slots | undefined;

  constructor(make: () => Slots) {
    this.#make = make;
  }

  use<T>(deadline: Deadline, work: () => Promise<T>): Promise<T> {
    this.#made ??= this.#make();
    return this.#made.use(deadline, work);
  }
}
