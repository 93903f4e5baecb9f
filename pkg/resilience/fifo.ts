/** A queue that can be left from anywhere in it, each operation in constant time: a doubly linked list. */

/** Where a value stands, for `leave`. */
export interface Place<T> {
  readonly value: T;
  before: Place<T> | undefined;
  after: Place<T> | undefined;
  queued: boolean;
}

export class Fifo<T> {
  #head: Place<T> | undefined;
  #tail: Place<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(value: T): Place<T> {
    const place: Place<T> = { value, before: this.#tail, after: undefined, queued: true };
    if (this.#tail) this.#tail.after = place;
    else this.#head = place;
    this.#tail = place;
    this.#size += 1;
    return place;
  }

  /** Takes the value out again; safe to call twice and after it was shifted. */
  leave(place: Place<T>): void {
    if (!place.queued) return;
    place.queued = false;
    this.#size -= 1;
    if (place.before) place.before.after = place.after;
    else this.#head = place.after;
    if (place.after) place.after.before = place.before;
    else this.#tail = place.before;
  }

  first(): T | undefined {
    return this.#head?.value;
  }

  shift(): T | undefined {
    const place = this.#head;
    if (place) this.leave(place);
    return place?.value;
  }
}
