/**
 * A turn of the event loop. Answers made in the turn that their requests came in go out in a row at its end: sent one by one, each would find
 * its receiver asleep again, and waking that costs as much as making an answer (docs/performance/history.md).
 *
 * What is answered in a later turn had to wait for something, mostly along with others, and goes out at once. For metrics, audit and the gate
 * an answer that is held is one that was given: a connection must not be ended before (http-server.ts).
 */
import { requestLimits } from '../process/limits.ts';

/** What is left to do for an answer whose headers are written. */
interface Ending {
  readonly response: { end(body: string, encoding: BufferEncoding): unknown; destroy(): unknown };
  readonly body: string;
  readonly encoding: BufferEncoding;
}

export interface Turn {
  /** Sends it: at the end of the turn, unless many wait before, or nobody else is there. */
  send(ending: Ending): void;
  /** Resolves at its end, or at that of the turn that now is: what has arrived is read. */
  over(): Promise<void>;
}

const end = ({ response, body, encoding }: Ending): void => {
  try {
    response.end(body, encoding);
  } catch {
    // Its caller alone notices, and not those whose answers are behind it.
    response.destroy();
  }
};

const turnEnd = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

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
    return this.#isOver ? turnEnd() : this.#over.promise;
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
