/**
 * Tells a handler's own notifications from those of others, so that what its own transactions changed is removed from its caches once:
 * with the answer to the commit or with the news, whichever comes first. PostgreSQL sends both when the change can be seen.
 *
 * open      its commit may be under way; left for done or doubtful. What is heard of it now is acted on: the answer may be late, or lost
 * done      its changes are removed, or it changed nothing; its news is old
 * doubtful  nobody answered its commit, which may take effect at any time: its news is news. All origins of this process given out so
 *           far count as those of others from then on, so that nothing has to be kept of any of them
 */
import { randomBytes } from 'node:crypto';

export interface OwnTransaction {
  /** What its notifications bear. */
  readonly origin: string;
  /** How many different payloads it will have sent when it is committed; the last call counts. */
  sends(payloads: number): void;
  /** True when all that it sent has been heard, and so acted on. */
  isHeard(): boolean;
  /** To be called when what it changed has been removed here, or nothing was changed. */
  done(): void;
  /** The same where nobody knows how it ended. */
  doubtful(): void;
}

export interface OwnNews {
  begin(): OwnTransaction;
  /** To be asked once of each payload that is heard. @param origin  left out: of a trigger, or of a handler that says none
   * @returns true when what it tells of is removed here already; false: it has to be, by the caller */
  isOld(origin: string | undefined): boolean;
}

export const createOwnNews = (): OwnNews => {
  const newProcess = (): string => `${randomBytes(12).toString('hex')}.`;
  let ours = newProcess();
  let begun = 0;
  const open = new Map<string, { heard: number }>();

  const begin = (): OwnTransaction => {
    begun += 1;
    const origin = ours + begun;
    const state = { heard: 0, sent: 0 };
    open.set(origin, state);
    return {
      origin,
      sends: (payloads) => {
        state.sent = payloads;
      },
      isHeard: () => state.sent > 0 && state.heard >= state.sent,
      done: () => void open.delete(origin),
      doubtful: () => {
        open.delete(origin);
        ours = newProcess();
      },
    };
  };
  return {
    begin,
    isOld: (origin = '') => {
      const state = open.get(origin);
      if (state) state.heard += 1;
      return state === undefined && origin.startsWith(ours);
    },
  };
};
