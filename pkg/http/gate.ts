/**
 * Process-wide admission, before anything of a request is read: how many at once, and how many body bytes.
 *
 * open      requests are let in within the bounds
 * draining  still let in, and told to close their connection: entered when the process was asked to stop
 * closed    every request is refused: entered when nothing new may begin
 *
 * Anybody can announce a body and send none. So a request whose body is still on its way has no place among those that are worked on, and holds no
 * more than the bytes that have come; where there are too many of either, the one that has waited longest makes room.
 */
import { AppError } from '../errors/app-error.ts';
import { refusalLimits } from '../process/limits.ts';

export type GateState = 'open' | 'draining' | 'closed';
export type ShedReason = 'requests' | 'body_bytes' | 'stopping';

interface GateOptions {
  /** Of those that are worked on, and again of those whose bodies are on their way. */
  readonly requestsMax: number;
  readonly bodyBytesMax: number;
  readonly onShed?: (reason: ShedReason) => void;
}

/** What one request holds. */
export interface Pass {
  /** Of its body, as they come.
   * @throws overloaded */
  hold(bytes: number): void;
  /** For what is to come of its body. @param refuse  called once if it has to make room; it holds nothing then */
  wait(refuse: (error: AppError) => void): void;
  /** Its body is here.
   * @throws overloaded */
  goOn(): void;
  /** Gives everything back. Safe twice. */
  leave(): void;
}

export interface Gate {
  /** Lets a request in.
   * @throws overloaded | stopping */
  enter(): Pass;
  state(): GateState;
  drain(): void;
  close(): void;
}

const { retryAfterMs } = refusalLimits;

// Made once: under load most requests meet one of them, and an error each is a tenth of what a refusal costs.
const [overloaded, stopping] = [
  new AppError('overloaded', { retryAfterMs }),
  new AppError('stopping', { retryAfterMs }),
];

/** What all passes hold together. */
class Places {
  readonly requestsMax: number;
  readonly #bodyBytesMax: number;
  readonly #onShed: GateOptions['onShed'];
  /** Longest first. */
  readonly waiting = new Set<PlacePass>();
  requests = 0;
  bytes = 0;

  constructor({ requestsMax, bodyBytesMax, onShed }: GateOptions) {
    this.requestsMax = requestsMax;
    this.#bodyBytesMax = bodyBytesMax;
    this.#onShed = onShed;
  }

  shed(reason: ShedReason): never {
    this.#onShed?.(reason);
    throw reason === 'stopping' ? stopping : overloaded;
  }

  work(): void {
    if (this.requests >= this.requestsMax) this.shed('requests');
    this.requests += 1;
  }

  /** @returns false: it was refused itself */
  hold(bytes: number, pass: PlacePass): boolean {
    while (this.bytes + bytes > this.#bodyBytesMax && this.waiting.size > 0) this.#makeRoom('body_bytes');
    if (pass.isRefused) return false;
    if (this.bytes + bytes > this.#bodyBytesMax) this.shed('body_bytes');
    this.bytes += bytes;
    return true;
  }

  wait(pass: PlacePass): void {
    this.waiting.add(pass);
    if (this.waiting.size > this.requestsMax) this.#makeRoom('requests');
  }

  #makeRoom(reason: ShedReason): void {
    const [longest] = this.waiting;
    this.#onShed?.(reason);
    longest?.refuse(overloaded);
  }
}

class PlacePass implements Pass {
  readonly #places: Places;
  #refuse: ((error: AppError) => void) | undefined;
  #works = true;
  #bytes = 0;
  isRefused = false;

  /** Has a place among those that are worked on. */
  constructor(places: Places) {
    this.#places = places;
  }

  hold(bytes: number): void {
    if (this.#places.hold(bytes, this)) this.#bytes += bytes;
  }

  wait(refuse: (error: AppError) => void): void {
    this.#stopWork();
    this.#refuse = refuse;
    this.#places.wait(this);
  }

  goOn(): void {
    if (this.#works) return;
    this.#places.waiting.delete(this);
    this.#places.work();
    this.#works = true;
  }

  refuse(error: AppError): void {
    this.isRefused = true;
    this.leave();
    this.#refuse?.(error);
  }

  leave(): void {
    this.#stopWork();
    this.#places.waiting.delete(this);
    this.#places.bytes -= this.#bytes;
    this.#bytes = 0;
  }

  #stopWork(): void {
    if (this.#works) this.#places.requests -= 1;
    this.#works = false;
  }
}

export const createGate = (options: GateOptions): Gate => {
  const places = new Places(options);
  let state: GateState = 'open';
  return {
    enter: () => {
      if (state === 'closed') places.shed('stopping');
      places.work();
      return new PlacePass(places);
    },
    state: () => state,
    drain: () => {
      if (state === 'open') state = 'draining';
    },
    close: () => {
      state = 'closed';
    },
  };
};
