/**
 * Process-wide admission, before anything of a request is read: how many at once, and how many body bytes.
 *
 * open      requests are let in within the bounds
 * draining  still let in, and told to close their connection: entered when the process was asked to stop
 * closed    every request is refused: entered when nothing new may begin
 */
import { AppError } from '../errors/app-error.ts';
import { refusalLimits } from '../process/limits.ts';

export type GateState = 'open' | 'draining' | 'closed';
export type ShedReason = 'requests' | 'body_bytes' | 'stopping';

interface GateOptions {
  readonly requestsMax: number;
  readonly bodyBytesMax: number;
  readonly onShed?: (reason: ShedReason) => void;
}

export interface Gate {
  /** Lets a request in with room for `bodyBytes`.
   * @throws overloaded | stopping */
  enter(bodyBytes: number): void;
  /** Gives back what `enter` took. */
  leave(bodyBytes: number): void;
  state(): GateState;
  drain(): void;
  close(): void;
}

const { retryAfterMs } = refusalLimits;

export const createGate = ({ requestsMax, bodyBytesMax, onShed }: GateOptions): Gate => {
  let state: GateState = 'open';
  let requests = 0;
  let bytes = 0;

  // Made once: under load most requests meet one of them, and an error each is a tenth of what a refusal costs.
  const [overloaded, stopping] = [
    new AppError('overloaded', { retryAfterMs }),
    new AppError('stopping', { retryAfterMs }),
  ];
  const shed = (reason: ShedReason): never => {
    onShed?.(reason);
    throw reason === 'stopping' ? stopping : overloaded;
  };

  return {
    enter: (bodyBytes) => {
      if (state === 'closed') shed('stopping');
      if (requests >= requestsMax) shed('requests');
      if (bytes + bodyBytes > bodyBytesMax) shed('body_bytes');
      requests += 1;
      bytes += bodyBytes;
    },
    leave: (bodyBytes) => {
      requests -= 1;
      bytes -= bodyBytes;
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
