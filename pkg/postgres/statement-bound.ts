/**
 * PostgreSQL's own bound on the statements of a transaction, kept to what is left of its deadline.
 *
 * statement_timeout counts from the start of each statement: what was right for the first lets a later one outlive the deadline, holding
 * its locks and its backend after the client has given it up. Told anew only where it has become wrong, so that a quick
 * transaction pays no round trip for it.
 */
import { AppError } from '../errors/app-error.ts';
import type { Clock } from '../process/clock.ts';
import { databaseLimits } from '../process/limits.ts';
import type { Deadline } from '../resilience/deadline.ts';
import type { RunOnConnection } from './database.ts';
import { createStatement } from './statement.ts';

const renew = createStatement("SELECT set_config('statement_timeout', $1::text, true)");

/** What is left of the deadline as a value of statement_timeout: whole milliseconds, never 0, which would be no bound. */
export const statementTimeoutOf = (deadline: Deadline): string =>
  String(Math.max(1, Math.ceil(deadline.remainingMs())));

/** @param run  of a transaction whose first statement sets the bound itself, see transaction-frame.ts
 * @returns to be called before each statement; throws deadline_exceeded, or the driver's errors */
export const createStatementBound = (
  run: RunOnConnection,
  { clock, deadline }: { readonly clock: Clock; readonly deadline: Deadline },
): (() => Promise<void>) => {
  let boundAt = clock.now();
  return async () => {
    if (deadline.expired()) throw new AppError('deadline_exceeded');
    if (clock.now() - boundAt < databaseLimits.boundSlackMs) return;
    boundAt = clock.now();
    await run(renew, [statementTimeoutOf(deadline)]);
  };
};
