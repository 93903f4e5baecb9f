/**
 * Which declared texts are plain by PostgreSQL's plan too, as far as is known: it is asked in the background, one text after the other, at first and
 * then now and then, since the views and policies behind a text may change.
 */
import type { Database } from '../postgres/database.ts';
import { isPlanPlain, type SharedForm } from '../postgres/shared-lookup.ts';
import type { Clock } from '../process/clock.ts';
import { databaseLimits, sharedReadLimits } from '../process/limits.ts';
import { createDeadline } from '../resilience/deadline.ts';
import { createSlots } from '../resilience/slots.ts';
import { createTimedSet } from '../resilience/timed-set.ts';

/** Unknown: PostgreSQL has not answered yet, or what it said is too old. */
type Plainness = 'plain' | 'not_plain' | 'unknown';

export interface PlainTexts {
  plainness(form: SharedForm): Plainness;
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
  const notPlain = createTimedSet(clock, rememberedMax);
  const asked = createTimedSet(clock, rememberedMax);

  const ask = async (form: SharedForm): Promise<void> => {
    const { name } = form.statement;
    asked.add(name, planCheckMs);
    const deadline = createDeadline(clock, databaseLimits.statementTimeoutMs);
    try {
      const isPlain = await oneByOne.use(deadline, () => isPlanPlain(database, form, deadline));
      const [now, before] = isPlain ? [plain, notPlain] : [notPlain, plain];
      before.delete(name);
      // Twice the time, as it goes on being so while PostgreSQL is asked again.
      now.add(name, 2 * planCheckMs);
    } catch {
      asked.add(name, planRetryMs);
    } finally {
      deadline.close();
    }
  };

  return {
    plainness: (form) => {
      const { name } = form.statement;
      if (!asked.has(name)) void ask(form);
      if (plain.has(name)) return 'plain';
      return notPlain.has(name) ? 'not_plain' : 'unknown';
    },
  };
};
