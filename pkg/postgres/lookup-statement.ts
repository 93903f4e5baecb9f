/**
 * A declared lookup as the one statement that is really run: it reads the rows of several requests of one tenant and
 * writes the audit row of each, in one round trip and one transaction. Or it reads alone, where the audit rows share another commit.
 */
import type { Deadline } from '../resilience/deadline.ts';
import { type AuditRecord, auditColumnCount, auditInsert, auditValues } from './audit-record.ts';
import type { CompiledStatement } from './compiled-statement.ts';
import type { Database } from './database.ts';
import { type Kept, keptFormOf } from './kept-plan.ts';
import { cutRow, isKeyedRow, type KeyedRow, type LookupDeclaration, selectRows } from './lookup-rows.ts';
import { castPlaceholders, trimStatement } from './placeholders.ts';
import { type SharedForm, sharedFormOf } from './shared-lookup.ts';
import { type BoundValue, createStatement, type Statement } from './statement.ts';

interface LookupForm {
  /** Includes the audit rows. */
  readonly statement: Statement;
  /** The same rows, and nothing written. Made when it is first needed. */
  readOnly(): Statement;
}

export interface LookupStatement extends CompiledStatement, LookupForm {
  /** The same, for a plan that PostgreSQL may keep. Left out where it has no list. */
  readonly kept?: (() => Kept<LookupForm>) | undefined;
  /** For several tenants at once. Left out where the declared text is not plain enough to mean the same so. */
  readonly shared?: (() => SharedForm) | undefined;
}

/** Made when it is first needed. */
const later = (text: () => string): (() => Statement) => {
  let made: Statement | undefined;
  return () => {
    made ??= createStatement(text());
    return made;
  };
};

export const compileLookup = (declaration: LookupDeclaration): LookupStatement => {
  const { text, types, keyColumn } = declaration;
  const declared = castPlaceholders(trimStatement(text), types);
  const formOf = (within: string): LookupForm => {
    const select = `SELECT found.key, ${cutRow('found.row')} AS row
FROM (
${selectRows(within, keyColumn)}
) AS found`;
    const statement = createStatement(`WITH audit AS (
  ${auditInsert(types.length + 1)}
)
${select}`);
    return { statement, readOnly: later(() => select) };
  };
  return {
    declared,
    ...formOf(declared),
    kept: keptFormOf(declaration, formOf),
    valueCount: types.length,
    boundCount: types.length + auditColumnCount,
    shared: sharedFormOf(declaration),
  };
};

/** @param job  `values` of the declared parameters, in their order; `records` to be committed with the reading, left out: nothing is
 * @returns the rows; those without a key are left out
 * @throws as Database.query */
export const runLookup = async (
  database: Database,
  form: LookupForm,
  job: {
    readonly values: readonly BoundValue[];
    readonly records?: readonly AuditRecord[] | undefined;
    readonly deadline: Deadline;
    /** Called when there is a connection. */
    onStart?(): void;
  },
): Promise<readonly KeyedRow[]> => {
  const { values, records, deadline, onStart } = job;
  const rows = await (records
    ? database.query(form.statement, [...values, ...auditValues(records)], deadline, onStart)
    : database.query(form.readOnly(), values, deadline, onStart));
  return rows.filter(isKeyedRow);
};
