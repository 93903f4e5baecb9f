/**
 * Keeps what is heard before it can be understood: invalidations that arrive ahead of the first configuration.
 *
 * keeping   until `release`; above the bound everything kept is dropped, and `onOverflow` told in its place
 * passing   each is applied as it comes
 */
import type { Notification } from '../../pkg/postgres/invalidation-channel.ts';

interface EarlyOptions {
  readonly max: number;
  apply(notification: Notification): void;
  /** Some were lost. */
  onOverflow(): void;
}

export interface EarlyNotifications {
  hear(notification: Notification): void;
  /** Safe twice. */
  release(): void;
}

export const createEarlyNotifications = ({ max, apply, onOverflow }: EarlyOptions): EarlyNotifications => {
  let kept: Notification[] | undefined = [];
  let overflown = false;
  return {
    hear: (notification) => {
      if (kept === undefined) apply(notification);
      else if (kept.length < max) kept.push(notification);
      else overflown = true;
    },
    release: () => {
      const heard = kept ?? [];
      kept = undefined;
      if (overflown) onOverflow();
      overflown = false;
      for (const notification of heard) apply(notification);
    },
  };
};
