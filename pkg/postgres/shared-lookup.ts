/**
 * A plain lookup for several tenants at once: the declared text once for each reading, and the audit rows of all of them, in one statement, one
 * commit and one round trip. PostgreSQL itself ends the statement when it takes long, so that it is known to hold nothing then; the commit may take what
 * it takes, and where its answer is no plain yes nobody knows.
 */
import { hash } from 'node:crypto';
import type { AppError } from '../errors/app-error.ts';
import { sharedReadLimits } from '../process/limits.ts';
import type { Deadline } from '../resilience/deadline.ts';
import { arrayLiteral } from './array-literal.ts';
import { type AuditRecord, auditInsert, auditValues } from './audit-record.ts';
import type { Database } from './database.ts';
import { cutRow, isKeyedRow, type KeyedRow, type LookupDeclaration, selectRows } from './lookup-rows.ts';
import { isRefusal, toAppError } from './pg-error.ts';
import { replacePlaceholders, trimStatement } from './placeholders.ts';
import { isPlainPlan, isPlainSelect } from './plain-select.ts';
import { type BoundValue, createStatement, createUnnamedStatement, type Statement } from './statement.ts';
import { failureOf, type RunTogether, type StatementResult } from './statement-batch.ts';

export interface SharedForm {
  /** Its values: an array of text for each declared parameter, one element for each reading, and then those of the audit rows. */
  readonly statement: Statement;
  /** The part that the declaration is answerable for. */
  readonly rows: string;
  readonly valueCount: number;
}

/**
 * The declared statement once for each reading, with columns where its parameters stand: PostgreSQL starts and ends one statement for all.
 *
 * The inner SELECTs hide how many readings there are, as PostgreSQL would make a new plan each time for a few. The first OFFSET 0 has each value
 * cast once, the second has the declared statement planned by itself, as it is with parameters.
 * The names are nobody else's, as they have a hash of the text, and CASE has none that an output column could get.
 */
const rowsOfEach = ({ text, types, keyColumn }: LookupDeclaration): string => {
  const own = `dac_${hash('sha256', text).slice(0, 16)}`;
  const names = types.map((_, index) => `${own}_${index + 1}`);
  const casts = types.map((type, index) => `given.${names[index]}::${type}`);
  const arrays = types.map((_, index) => `(SELECT $${index + 1}::text[])`);
  const declared = replacePlaceholders(trimStatement(text), (place) => {
    const type = types[place - 1];
    return type && `(CASE WHEN true THEN ${own}.${names[place - 1]} END::${type})`;
  });
  return `SELECT ${own}.${own}_n AS n, found.key, found.row
FROM (
  SELECT given.${own}_n::int4, ${casts.join(', ')}
  FROM unnest(${arrays.join(', ')}) WITH ORDINALITY AS given(${names.join(', ')}, ${own}_n)
  OFFSET 0
) AS ${own}(${own}_n, ${names.join(', ')})
CROSS JOIN LATERAL (
${selectRows(declared, keyColumn)}
OFFSET 0
) AS found`;
};

/** Its last row, the zeroth reading's, says how many milliseconds PostgreSQL took: no wait for a commit, a network or this process counts. */
const statementText = (rows: string, valueCount: number): string => `WITH audit AS (
  ${auditInsert(valueCount + 1)}
)
SELECT found.n, found.key, ${cutRow('found.row')}
FROM (
${rows}
) AS found(n, key, row)
UNION ALL
SELECT 0, (1000 * extract(epoch FROM clock_timestamp() - statement_timestamp()))::text, ''`;

/** @returns undefined where the declared text is not plain enough to mean the same so; else what makes the form when it is first needed */
export const sharedFormOf = (declaration: LookupDeclaration): (() => SharedForm) | undefined => {
  if (!isPlainSelect(trimStatement(declaration.text))) return undefined;
  let form: SharedForm | undefined;
  return () => {
    if (form) return form;
    const [rows, valueCount] = [rowsOfEach(declaration), declaration.types.length];
    form = { rows, valueCount, statement: createStatement(statementText(rows, valueCount)) };
    return form;
  };
};

/** Whether it is plain as PostgreSQL would run it: what stands in views and policies shows in its plan alone. Nothing is run.
 * @throws as Database.query */
export const isPlanPlain = async (
  database: Database,
  { rows, valueCount }: SharedForm,
  deadline: Deadline,
): Promise<boolean> => {
  const explain = createUnnamedStatement(`EXPLAIN (VERBOSE, COSTS OFF) ${rows}`);
  const lines = await database.query(explain, Array<null>(valueCount).fill(null), deadline);
  const plan = lines.flatMap((line) => Object.values(line ?? {})).filter((line) => typeof line === 'string');
  return isPlainPlan(plan, valueCount);
};

/** `found`: the rows of each reading, in their order; those without a key are left out; `ms`: how long PostgreSQL took. `refused`: PostgreSQL has
 * ended it, by its time-out too, and nothing holds. */
export type SharedOutcome =
  | { readonly found: readonly (readonly KeyedRow[])[]; readonly ms: number }
  | { readonly refused: AppError };

export interface SharedJob {
  /** The declared parameters' values of each, in their order; at least one. */
  readonly readings: readonly (readonly BoundValue[])[];
  readonly records: readonly AuditRecord[];
  /** Bounds the wait for a connection and, with a margin, for the answer; that ends with the process's statement_timeout too. */
  readonly deadline: Deadline;
  /** Called when there is a connection. */
  onStart?(): void;
}

/** Of what comes behind it in its packet, which is one transaction. */
const bound = createStatement(`SELECT set_config('statement_timeout', '${sharedReadLimits.patienceMs}', true)`);

const foundIn = ({ rows }: StatementResult, readings: number) => {
  const found = Array.from({ length: readings }, (): KeyedRow[] => []);
  let ms = 0;
  for (const row of rows) {
    if (!isKeyedRow(row) || !('n' in row) || typeof row.n !== 'number') continue;
    if (row.n === 0) ms = Number(row.key);
    else found[row.n - 1]?.push(row);
  }
  return { found, ms };
};

/** @throws overloaded | database_unavailable | deadline_exceeded; once it has begun, nobody knows then whether the audit rows hold */
export const runSharedLookup = async (
  database: Database,
  { statement }: SharedForm,
  { readings, records, deadline, onStart }: SharedJob,
): Promise<SharedOutcome> => {
  const columns = (readings[0] ?? []).map((_, index) => arrayLiteral(readings.map((values) => values[index] ?? null)));
  const statements = [
    { statement: bound, values: [] },
    { statement, values: [...columns, ...auditValues(records)] },
  ];
  const runIn = async (runTogether: RunTogether): Promise<SharedOutcome> => {
    onStart?.();
    const outcome = await runTogether(statements);
    const failure = failureOf(statements, outcome);
    const read = outcome.results[1];
    if (!failure && read) return foundIn(read, readings.length);
    if (failure && failure.index < statements.length && isRefusal(failure.error)) {
      return { refused: toAppError(failure.error) };
    }
    // A commit that was refused may have been cancelled, and hold all the same.
    throw failure?.error ?? new TypeError('a shared statement without a result');
  };
  return database.lend((_run, runTogether) => runIn(runTogether), deadline, 'statement_timeout');
};
