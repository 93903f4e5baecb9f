/** `testUnless(reason)`: uvu's test, or one that skips visibly: the runner names skipped tests by their title. */
import { test } from 'uvu';

export const testUnless =
  (reason: string | undefined) =>
  (title: string, handler: () => Promise<void> | void): void =>
    reason === undefined ? test(title, handler) : test.skip(`${title} (${reason})`);
