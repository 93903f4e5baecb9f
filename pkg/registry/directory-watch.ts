/**
 * Says that something in a directory changed: by inotify where it works, and by a regular look as the fallback.
 *
 * Watches the directory, never its files: those are replaced by rename, which a watch on a file does not survive. Each
 * look begins the watch anew, so that a directory that came late, or was replaced itself, is watched too.
 */
import { type FSWatcher, watch } from 'node:fs';
import type { Clock } from '../process/clock.ts';

interface DirectoryWatchOptions {
  readonly dir: string;
  readonly clock: Clock;
  readonly pollIntervalMs: number;
  /** @param name  of the file that changed; undefined: look at everything */
  onChange(name: string | undefined): void;
}

export interface DirectoryWatch {
  stop(): void;
}

export const watchDirectory = ({ dir, clock, pollIntervalMs, onChange }: DirectoryWatchOptions): DirectoryWatch => {
  let watcher: FSWatcher | undefined;
  let cancel = () => {};

  const unwatch = () => {
    watcher?.close();
    watcher = undefined;
  };
  const watchAnew = () => {
    unwatch();
    try {
      watcher = watch(dir, { persistent: false }, (_event, name) => onChange(name ?? undefined));
      watcher.on('error', unwatch);
    } catch {
      // No such directory yet, or no inotify left: the next look tries again.
    }
    cancel = clock.after(pollIntervalMs, look);
  };
  const look = () => {
    watchAnew();
    onChange(undefined);
  };

  watchAnew();
  return {
    stop: () => {
      cancel();
      unwatch();
    },
  };
};
