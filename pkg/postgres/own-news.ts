/**
 * Tells a handler's own notifications from those of others: what a transaction of its own changed, it has removed from its caches
 * itself by the time it hears of it, and need not again.
 *
 * open      its COMMIT may be under way; left for done or doubtful. Heard now, its news is acted on: the answer to COMMIT may be late
 * done      its changes are removed, or it changed nothing; its news is old
 * doubtful  nobody answered its COMMIT, which may take effect at any time: its news is news. All origins of this process given out so
 *           far count as those of others from then on, so that nothing has to be kept of any of them
 */
import { randomBytes } from 'node:crypto';

export interface OwnTransaction {
  /** What its notifications bear. */
  readonly origin: string;
  /** To be called when what it changed has been removed here, or nothing was changed. */
  done(): void;
  /** The same where nobody knows how it ended. */
  doubtful(): void;
}

export interface OwnNews {
  begin(): OwnTransaction;
  /** True when what it tells of is removed here already. @param origin  left out: of a trigger, or of a handler that says none */
  isOld(origin: string | undefined): boolean;
}

export const createOwnNews = (): OwnNews => {
  const newProcess = (): string => `${randomBytes(12).toString('hex')}.`;
  let ours = newProcess();
  let begun = 0;
  const open = new Set<string>();
  return {
    begin: () => {
      begun += 1;
      const origin = ours + begun;
      open.add(origin);
      return {
        origin,
        done: () => void open.delete(origin),
        doubtful: () => {
          open.delete(origin);
          ours = newProcess();
        },
      };
    },
    isOld: (origin) => origin?.startsWith(ours) === true && !open.has(origin),
  };
};
