/**
 * Says that something in a directory changed: by inotify where it works, and by a regular look as the fallback.
 *
 * Watches the directory, never its files: those are replaced by rename, which a watch on a file does not survive.
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
  let stopped = false;

  const unwatch = () => {
    watcher?.close();
    watcher = undefined;
  };
  const tryWatch = () => {
    try {
      watcher ??= watch(dir, { persistent: false }, (_event, name) => onChange(name ?? undefined));
      watcher.on('error', unwatch);
    } catch {
      // No such directory yet, or no inotify left: the next look tries again.
      unwatch();
    }
  };
  const look = () => {
    if (stopped) return;
    tryWatch();
    onChange(undefined);
    cancel = clock.after(pollIntervalMs, look);
  };

  tryWatch();
  cancel = clock.after(pollIntervalMs, look);
  return {
    stop: () => {
      stopped = true;
      cancel();
      unwatch();
    },
  };
};
