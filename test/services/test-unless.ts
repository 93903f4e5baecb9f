/**
 * `testUnless(reason)`: uvu's test, or one that skips visibly: the runner names skipped tests by their title. Where everything
 * is required (TEST_REQUIRE=1), it fails instead.
 */
import { test } from 'uvu';

export const testUnless =
  (reason: string | undefined, required = process.env.TEST_REQUIRE === '1') =>
  (title: string, handler: () => Promise<void> | void): void => {
    if (reason === undefined) test(title, handler);
    else if (required) test(title, () => Promise.reject(new Error(reason)));
    else test.skip(`${title} (${reason})`);
  };
