/**
 * What the mock makes of an action, whatever its kind: the real decoding, and a run made from what a canned file says.
 */
import type { Action } from '../../../pkg/actions/action.ts';
import { AppError } from '../../../pkg/errors/app-error.ts';
import type { Parsed } from '../../../pkg/errors/problem.ts';
import type { Canned, CannedRow, RowValues } from './canned.ts';
import { tenantColumn } from './canned.ts';
import type { KnownColumns } from './csv-rows.ts';

export type Run = Action['run'];

/** An action made from one reading of its file. */
export interface Mocking {
  readonly run: Run;
  /** A key that has a row, for an example. */
  readonly key?: string | undefined;
}

/** Everything but rows means the same whatever the kind of the action. */
export type CannedRows = Extract<Canned, { readonly kind: 'rows' }>['rows'];

export interface MockedAction {
  readonly decodeInput: Action['decodeInput'];
  readonly source: 'database' | 'cxone';
  /** What is known of the columns of its CSV file. */
  readonly columns: KnownColumns;
  /** @param rows  of its tenant; undefined: there is no file
   * @returns problems by the place of a row */
  runWith(rows: CannedRows | undefined): Parsed<Mocking>;
}

const withoutTenant = (values: RowValues): RowValues => {
  const { [tenantColumn]: _, ...own } = values;
  return own;
};

/** The rows of the tenant and those of all, without the column that says so. */
export const rowsOf = (rows: CannedRows, tenantId: string): CannedRows =>
  rows
    .filter(({ values }) => (values[tenantColumn] ?? tenantId) === tenantId)
    .map(({ place, values }): CannedRow => ({ place, values: withoutTenant(values) }));

/** The run of what is no rows. */
export const runAsItIs =
  (canned: Exclude<Canned, { readonly kind: 'rows' }>, source: MockedAction['source']): Run =>
  async () => {
    if (canned.kind === 'output') return { body: canned.body, source };
    const { code, retryAfterMs } = canned;
    throw new AppError(code, { message: 'as the file says', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
  };
