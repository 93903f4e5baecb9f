/**
 * PostgreSQL's own bound on the statements of a transaction, kept to what is left of its deadline.
 *
 * statement_timeout counts from the start of each statement: what was right for the first lets a later one outlive the deadline, holding
 * its locks and its backend after the client has given it up. So PostgreSQL works it out anew between the statements of a packet, and by a
 * statement of its own: within the one before it would come ahead of the triggers, which may wait too. Ahead of a later packet it is told, but
 * only where it has become wrong.
 */
import { AppError } from '../errors/app-error.ts';
import type { Clock } from '../process/clock.ts';
import { databaseLimits } from '../process/limits.ts';
import type { Deadline } from '../resilience/deadline.ts';
import { createStatement } from './statement.ts';
import type { BoundStatement } from './statement-batch.ts';

// Every wait of a statement, for locks too, ends with the transaction's deadline; lock_timeout would end some of them earlier. PostgreSQL bounds no
// commit: what deferred triggers wait for there ends when it ends.
const begin = createStatement(
  "SELECT set_config('lock_timeout', '0', true), set_config('statement_timeout', $1::text, true)",
);

const renew = createStatement("SELECT set_config('statement_timeout', $1::text, true)");

/** `$1`: what was left when the transaction began. Nothing, not even a row, before time has passed since. */
const remain = createStatement(`SELECT set_config('statement_timeout',
  greatest(1, $1::int - floor(extract(epoch FROM clock_timestamp() - now()) * 1000)::int)::text, true)
WHERE clock_timestamp() > now() + interval '${databaseLimits.boundSlackMs} ms'`);

/** What is left of the deadline as a value of statement_timeout: whole milliseconds, never 0, which would be no bound. */
const timeoutOf = (deadline: Deadline): string => String(Math.max(1, Math.ceil(deadline.remainingMs())));

export interface StatementBound {
  /** To be sent ahead of all statements of a transaction. */
  begin(): readonly BoundStatement[];
  /** To be sent ahead of a later packet.
   * @throws deadline_exceeded */
  goOn(): readonly BoundStatement[];
  /** @returns them, each behind the first with its bound ahead of it: they are the 0th, 2nd, 4th, … */
  between(statements: readonly BoundStatement[]): readonly BoundStatement[];
}

export const createStatementBound = ({
  clock,
  deadline,
}: {
  readonly clock: Clock;
  readonly deadline: Deadline;
}): StatementBound => {
  let boundAt = clock.now();
  let timeout = timeoutOf(deadline);
  return {
    begin: () => {
      boundAt = clock.now();
      timeout = timeoutOf(deadline);
      return [{ statement: begin, values: [timeout] }];
    },
    goOn: () => {
      if (deadline.expired()) throw new AppError('deadline_exceeded');
      if (clock.now() - boundAt < databaseLimits.boundSlackMs) return [];
      boundAt = clock.now();
      return [{ statement: renew, values: [timeoutOf(deadline)] }];
    },
    between: (statements) =>
      statements.flatMap((each, place) => (place === 0 ? [each] : [{ statement: remain, values: [timeout] }, each])),
  };
};
