/**
 * Says that something in a directory changed: by inotify where it works, and by a regular look as the fallback.
 *
 * Watches the directory, never its files: those are replaced by rename, which a watch on a file does not survive. Each
 * look begins the watch anew, so that a directory that came late, or was replaced itself, is watched too.
 */
import { type FSWatcher, watch } from 'node:fs';
import { thrownCode } from '../errors/thrown-code.ts';
import type { Clock } from '../process/clock.ts';

interface DirectoryWatchOptions {
  readonly dir: string;
  readonly clock: Clock;
  readonly pollIntervalMs: number;
  /** @param name  of the file that changed; undefined: look at everything */
  onChange(name: string | undefined): void;
  /** Nothing but the regular look tells of changes, for this reason: no such directory, or no inotify left (EMFILE, ENOSPC). Told once, until it
   * is another one or the directory has been watched again. */
  onUnwatched?(code: string): void;
}

export interface DirectoryWatch {
  stop(): void;
}

export const watchDirectory = (options: DirectoryWatchOptions): DirectoryWatch => {
  const { dir, clock, pollIntervalMs, onChange } = options;
  let watcher: FSWatcher | undefined;
  let cancel = () => {};
  let trouble: string | undefined;

  const unwatch = () => {
    watcher?.close();
    watcher = undefined;
  };
  /** The next look tries again. */
  const fail = (error: unknown) => {
    unwatch();
    const code = String(thrownCode(error));
    if (code !== trouble) options.onUnwatched?.(code);
    trouble = code;
  };
  const watchAnew = () => {
    unwatch();
    try {
      watcher = watch(dir, { persistent: false }, (_event, name) => onChange(name ?? undefined));
      watcher.on('error', fail);
      trouble = undefined;
    } catch (error) {
      fail(error);
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
