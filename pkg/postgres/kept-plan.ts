/**
 * Plans that PostgreSQL may keep. A statement with a short list is planned anew each time: PostgreSQL takes that for cheaper than the plan for a list
 * of unknown length, and spends a sixth of a small change on it, and more than half of a lookup of one row. A list that it cannot see is always of
 * unknown length.
 *
 * Only for statements that find their rows by all columns of a unique index of one table, which is the best plan whatever the values are. Elsewhere
 * they matter: a list that no index serves is hashed only where it is seen, and partitions are left out only by a plan that knows them.
 */
import { hash } from 'node:crypto';
import type { Clock } from '../process/clock.ts';
import type { Deadline } from '../resilience/deadline.ts';
import type { Database } from './database.ts';
import { indexUsedBy } from './index-use.ts';
import { replacePlaceholders, trimStatement } from './placeholders.ts';
import { createPlanFacts } from './plan-facts.ts';
import { createStatement, createUnnamedStatement } from './statement.ts';

/** A declared text with every parameter hidden, to be planned without values. */
interface PlanShape {
  /** One for one text. */
  readonly name: string;
  readonly text: string;
  readonly valueCount: number;
}

/** What is run of a declared text, with its lists hidden. */
export type Kept<Form> = Form & { readonly shape: PlanShape };

const isList = (type: string): boolean => type.endsWith('[]');

/** Worked out when the statement begins. Cast again, as ANY would take a bare SELECT for its rows. */
const hidden = (place: number, type: string): string => `((SELECT $${place}::${type})::${type})`;
const listHidden = (place: number, type: string): string =>
  isList(type) ? hidden(place, type) : `($${place}::${type})`;

const parametersAs = (text: string, types: readonly string[], write: (place: number, type: string) => string): string =>
  replacePlaceholders(trimStatement(text), (place) => {
    const type = types[place - 1];
    return type && write(place, type);
  });

const shapeOf = (declared: string, types: readonly string[]): PlanShape => {
  const text = parametersAs(declared, types, hidden);
  return { name: hash('sha256', text), text, valueCount: types.length };
};

/** @param formOf  what is run of the declared text, as it is given
 * @returns undefined where nothing is to be hidden; else what makes the form when it is first needed */
export const keptFormOf = <Form extends object>(
  { text, types }: { readonly text: string; readonly types: readonly string[] },
  formOf: (declared: string) => Form,
): (() => Kept<Form>) | undefined => {
  if (!types.some(isList)) return undefined;
  let form: Kept<Form> | undefined;
  return () => {
    form ??= { ...formOf(parametersAs(text, types, listHidden)), shape: shapeOf(text, types) };
    return form;
  };
};

const uniqueIndex = createStatement(`SELECT i.indnkeyatts::int AS columns
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE i.indisunique AND i.indpred IS NULL AND n.nspname = $1::text AND c.relname = $2::text`);

const columnsOf = (row: unknown): unknown => typeof row === 'object' && row !== null && Reflect.get(row, 'columns');

/** Nothing is run.
 * @throws as Database.query */
export const isPlanKeepable = async (
  database: Database,
  { text, valueCount }: PlanShape,
  deadline: Deadline,
): Promise<boolean> => {
  const explain = createUnnamedStatement(`EXPLAIN (FORMAT JSON, VERBOSE, COSTS OFF) ${text}`);
  const [told] = await database.query(explain, Array<null>(valueCount).fill(null), deadline);
  const use = indexUsedBy(told);
  if (!use) return false;
  const [unique] = await database.query(uniqueIndex, [use.schema, use.index], deadline);
  return columnsOf(unique) === use.columns;
};

export interface KeptPlans {
  /** @returns what is to be run of the two: `plain` until PostgreSQL has shown that the plan of the other may be kept */
  formOf<Form extends object>(plain: Form & { readonly kept?: (() => Kept<Form>) | undefined }): Form;
}

export const createKeptPlans = (database: Database, clock: Clock): KeptPlans => {
  const facts = createPlanFacts(clock, (shape: PlanShape, deadline) => isPlanKeepable(database, shape, deadline));
  return {
    formOf: (plain) => {
      const kept = plain.kept?.();
      return kept && facts.of(kept.shape.name, kept.shape) === 'yes' ? kept : plain;
    },
  };
};
