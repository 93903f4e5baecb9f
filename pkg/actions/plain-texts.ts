/**
 * Which declared texts are plain by PostgreSQL's plan too, as far as is known: it is asked in the background, one text after the other, at first and
 * then now and then, since the views and policies behind a text may change. A text that it was not asked about yet counts as not plain.
 */
import type { Database } from '../postgres/database.ts';
import { isPlanPlain, type LookupStatement } from '../postgres/lookup-statement.ts';
import type { Clock } from '../process/clock.ts';
import { databaseLimits, sharedReadLimits } from '../process/limits.ts';
import { createDeadline } from '../resilience/deadline.ts';
import { createSlots } from '../resilience/slots.ts';
import { createTimedSet } from '../resilience/timed-set.ts';

export interface PlainTexts {
  /** @param lookup  one that has a shared form
   * @param name  of that form */
  has(lookup: LookupStatement, name: string): boolean;
}

interface PlainTextsOptions {
  readonly database: Database;
  readonly clock: Clock;
}

export const createPlainTexts = ({ database, clock }: PlainTextsOptions): PlainTexts => {
  const { planCheckMs, planRetryMs, rememberedMax } = sharedReadLimits;
  // A plan waits for whoever has locked the table.
  const oneByOne = createSlots({ clock, slots: 1, queueMax: rememberedMax });
  const plain = createTimedSet(clock, rememberedMax);
  const asked = createTimedSet(clock, rememberedMax);

  const ask = async (lookup: LookupStatement, name: string): Promise<void> => {
    asked.add(name, planCheckMs);
    const deadline = createDeadline(clock, databaseLimits.statementTimeoutMs);
    try {
      // Twice the time, as it goes on being plain while PostgreSQL is asked again.
      if (await oneByOne.use(deadline, () => isPlanPlain(database, lookup, deadline))) plain.add(name, 2 * planCheckMs);
      else plain.delete(name);
    } catch {
      asked.add(name, planRetryMs);
    } finally {
      deadline.close();
    }
  };

  return {
    has: (lookup, name) => {
      if (!asked.has(name)) void ask(lookup, name);
      return plain.has(name);
    },
  };
};
