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
import { createStatement } from './statement.ts';
import type { BoundStatement } from './statement-batch.ts';

const renew = createStatement("SELECT set_config('statement_timeout', $1::text, true)");

/** What is left of the deadline as a value of statement_timeout: whole milliseconds, never 0, which would be no bound. */
export const statementTimeoutOf = (deadline: Deadline): string =>
  String(Math.max(1, Math.ceil(deadline.remainingMs())));

/** SQL that sets it to what is left by now.
 * @param timeout  what was left when it began */
const remainingTimeout = (timeout: string): string =>
  `set_config('statement_timeout', greatest(1, ${timeout}::int - floor(extract(epoch FROM clock_timestamp() - now()) * 1000)::int)::text, true)`;

/** The same once time has passed since it began, and nothing before. */
export const renewedTimeout = (timeout: string): string =>
  `CASE WHEN clock_timestamp() > now() + interval '${databaseLimits.boundSlackMs} ms' THEN ${remainingTimeout(timeout)} END`;

/** @returns to be called before a statement is sent, but for the first, which sets the bound itself (transaction-frame.ts): what has to be sent
 * ahead of it; throws deadline_exceeded */
export const createStatementBound = ({
  clock,
  deadline,
}: {
  readonly clock: Clock;
  readonly deadline: Deadline;
}): (() => readonly BoundStatement[]) => {
  let boundAt = clock.now();
  return () => {
    if (deadline.expired()) throw new AppError('deadline_exceeded');
    if (clock.now() - boundAt < databaseLimits.boundSlackMs) return [];
    boundAt = clock.now();
    return [{ statement: renew, values: [statementTimeoutOf(deadline)] }];
  };
};
