/**
 * What PostgreSQL's plans say of declared texts, as far as is known: it is asked in the background, one text after the other, at first and then now
 * and then, since the views, policies and indexes behind a text may change.
 */
import type { Clock } from '../process/clock.ts';
import { databaseLimits, planLimits } from '../process/limits.ts';
import { createDeadline, type Deadline } from '../resilience/deadline.ts';
import { createSlots } from '../resilience/slots.ts';
import { createTimedSet } from '../resilience/timed-set.ts';
import { isStatementFault } from './pg-error.ts';

/** Unknown: PostgreSQL has not answered yet, or what it said is too old. */
type PlanFact = 'yes' | 'no' | 'unknown';

export interface PlanFacts<T> {
  /** @param name  of what is asked about: one for one text */
  of(name: string, subject: T): PlanFact;
}

/** Asked again and again, each time would be a line in PostgreSQL's log. */
const isRefused = (error: unknown): false => {
  if (isStatementFault(error)) return false;
  throw error;
};

/** @param ask  whether it is so; where PostgreSQL refuses the question it is not, and what else it throws says nothing */
export const createPlanFacts = <T>(
  clock: Clock,
  ask: (subject: T, deadline: Deadline) => Promise<boolean>,
): PlanFacts<T> => {
  const { checkMs, retryMs, rememberedMax } = planLimits;
  // A plan waits for whoever has locked the table.
  const oneByOne = createSlots({ clock, slots: 1, queueMax: rememberedMax });
  const so = createTimedSet(clock, rememberedMax);
  const notSo = createTimedSet(clock, rememberedMax);
  const asked = createTimedSet(clock, rememberedMax);

  const learn = async (name: string, subject: T): Promise<void> => {
    asked.add(name, checkMs);
    // For the wait: what is run ends with the process's statement_timeout.
    const deadline = createDeadline(clock, databaseLimits.statementTimeoutMs);
    try {
      const isSo = await oneByOne.use(deadline, () => ask(subject, deadline)).catch(isRefused);
      const [now, before] = isSo ? [so, notSo] : [notSo, so];
      before.delete(name);
      // Twice the time, as it goes on being so while PostgreSQL is asked again.
      now.add(name, 2 * checkMs);
    } catch {
      asked.add(name, retryMs);
    } finally {
      deadline.close();
    }
  };

  return {
    of: (name, subject) => {
      // More texts than are remembered would be asked about with every use, and known of none.
      if (!asked.has(name) && asked.hasRoom()) void learn(name, subject);
      if (so.has(name)) return 'yes';
      return notSo.has(name) ? 'no' : 'unknown';
    },
  };
};
