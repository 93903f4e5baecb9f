/**
 * A turn of the event loop. Answers made in the turn that their requests came in go out in a row at its end: sent one by one, each would find
 * its receiver asleep again, and waking that costs as much as making an answer (docs/performance.md).
 *
 * What is answered in a later turn had to wait for something, mostly along with others, and goes out at once.
 */
import { requestLimits } from '../process/limits.ts';

/** What is left to do for an answer whose headers are written. */
interface Ending {
  readonly response: { end(body: string, encoding: BufferEncoding): unknown };
  readonly body: string;
  readonly encoding: BufferEncoding;
}

export interface Turn {
  /** Sends it: at the end of the turn, unless many wait before, or nobody else is there. */
  send(ending: Ending): void;
  /** Resolves at its end: what has arrived is read. */
  over(): Promise<void>;
}

const end = ({ response, body, encoding }: Ending): void => void response.end(body, encoding);

class CurrentTurn implements Turn {
  readonly #followsOthers: boolean;
  readonly #over = Promise.withResolvers<void>();
  #isOver = false;
  #requests = 0;
  #held: Ending[] = [];

  /** @param followsOthers  several requests came in the turn before */
  constructor(followsOthers: boolean) {
    this.#followsOthers = followsOthers;
  }

  get hasSeveral(): boolean {
    return this.#requests > 1;
  }

  enter(): void {
    this.#requests += 1;
  }

  send(ending: Ending): void {
    // Who is alone is not made to wait for what is left to do in the turn.
    const isAlone = !(this.hasSeveral || this.#followsOthers);
    this.#held.push(ending);
    if (this.#isOver || isAlone || this.#held.length === requestLimits.answersTogetherMax) this.#endHeld();
  }

  over(): Promise<void> {
    return this.#over.promise;
  }

  end(): void {
    this.#isOver = true;
    this.#endHeld();
    this.#over.resolve();
  }

  #endHeld(): void {
    const held = this.#held;
    this.#held = [];
    for (const ending of held) end(ending);
  }
}

/** @returns what tells a request that has come which turn it is */
export const createTurns = (): (() => Turn) => {
  let current: CurrentTurn | undefined;
  let beforeHadSeveral = false;

  const endCurrent = (): void => {
    const ended = current;
    current = undefined;
    beforeHadSeveral = ended?.hasSeveral === true;
    ended?.end();
  };

  return () => {
    if (!current) {
      current = new CurrentTurn(beforeHadSeveral);
      setImmediate(endCurrent);
    }
    current.enter();
    return current;
  };
};
