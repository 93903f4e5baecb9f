/**
 * What a canned file says: rows, an output as it is, or an error. One closed codec for JSON, YAML and what CSV is made into.
 *
 * It does not know which action the file is for.
 */
import type * as t from 'io-ts';
import { type ErrorCode, errorCodes } from '../../../pkg/errors/codes.ts';
import type { Problem } from '../../../pkg/errors/problem.ts';
import { requestLimits } from '../../../pkg/process/limits.ts';
import { mockLimits } from '../../../pkg/process/mock-limits.ts';
import { type Codec, codec, mapped, mismatch, ruled, scalar } from '../../../pkg/tenant/codec.ts';
import { closed, list, record } from '../../../pkg/tenant/codec-containers.ts';
import { hasCharacters, isStorable, oneOf, whole } from '../../../pkg/tenant/codec-scalars.ts';
import { isExactNumber } from './exact-number.ts';

/** JSON; numbers may be exact ones. */
export type CannedValue = string | number | boolean | object | null;

/** By column. */
export type RowValues = Readonly<Record<string, CannedValue>>;

export interface CannedRow {
  /** Where it stands, in front of a column's name: `[3].` or `line 5: `. */
  readonly place: string;
  readonly values: RowValues;
}

export type Canned =
  | { readonly kind: 'rows'; readonly rows: readonly CannedRow[] }
  /** JSON text of a whole answer. */
  | { readonly kind: 'output'; readonly body: string }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly retryAfterMs: number | undefined };

/** Of rows that belong to one tenant; the others belong to all. */
export const tenantColumn = 'tenant_id';

const { valueCharactersMax, valueDepthMax, columnsMax, columnCharactersMax, rowsMax } = mockLimits;

const isValue = (value: unknown, depth: number): boolean => {
  if (value === null || typeof value === 'boolean' || isExactNumber(value)) return true;
  if (typeof value === 'string') return isStorable(value) && hasCharacters(value, 0, valueCharactersMax);
  if (typeof value === 'number') return Number.isFinite(value) && Number.isSafeInteger(Math.trunc(value));
  if (typeof value !== 'object' || depth === 0) return false;
  return Object.entries(value).every(([key, part]) => isStorable(key) && isValue(part, depth - 1));
};

const valueName = `JSON of at most ${valueDepthMax} levels, texts of at most ${valueCharactersMax} characters, in YAML no integer beyond 2^53`;

const value: Codec<CannedValue> = scalar(valueName, (found) =>
  // Judged as a whole just now.
  isValue(found, valueDepthMax) ? (found as CannedValue) : undefined,
);

const anyFields = record(value, { entriesMax: columnsMax, keyCharactersMax: columnCharactersMax });

/** An exact number looks like an object. */
const fields: Codec<RowValues> = codec(anyFields.name, (found, context) =>
  isExactNumber(found) ? mismatch(context, anyFields.name) : anyFields.validate(found, context),
);

const tenantProblems = (row: RowValues): readonly Problem[] => {
  const found = Object.hasOwn(row, tenantColumn) ? row[tenantColumn] : undefined;
  const isTenant = typeof found === 'string' || found === undefined || found === null;
  return isTenant ? [] : [{ path: tenantColumn, expected: 'text' }];
};

const rows: Codec<Canned> = mapped<readonly RowValues[], Canned>(
  list(ruled<RowValues>(fields, tenantProblems), 0, rowsMax),
  (found) => ({
    kind: 'rows',
    rows: found.map((values, at) => ({ place: `[${at}].`, values })),
  }),
);

const bodyOf = (output: RowValues): string => JSON.stringify({ output });

const output: Codec<Canned> = mapped<{ readonly output: RowValues }, Canned>(
  ruled(closed({ output: fields }), ({ output: found }) =>
    Buffer.byteLength(bodyOf(found)) <= requestLimits.answerBytesMax
      ? []
      : [{ path: 'output', expected: `an answer of at most ${requestLimits.answerBytesMax} bytes` }],
  ),
  ({ output: found }) => ({ kind: 'output', body: bodyOf(found) }),
);

/** As the real ones, they always say when a repeat makes sense. */
const withRetryAfter: ReadonlySet<ErrorCode> = new Set([
  'rate_limited',
  'too_many_concurrent',
  'overloaded',
  'database_unavailable',
  'cxone_unavailable',
  'stopping',
]);

const isCode = (word: string): word is ErrorCode => Object.hasOwn(errorCodes, word);

const error: Codec<Canned> = mapped<{ readonly error: ErrorCode; readonly retryAfterMs?: number }, Canned>(
  closed(
    { error: oneOf(Object.keys(errorCodes).filter(isCode)) },
    { retryAfterMs: whole(1, mockLimits.retryAfterMsMax) },
  ),
  ({ error: code, retryAfterMs = withRetryAfter.has(code) ? mockLimits.retryAfterMs : undefined }) => ({
    kind: 'error',
    code,
    retryAfterMs,
  }),
);

const formOf = (found: unknown): Codec<Canned> => {
  if (Array.isArray(found)) return rows;
  return typeof found === 'object' && found !== null && Object.hasOwn(found, 'error') ? error : output;
};

export const canned: Codec<Canned> = codec(
  'rows, {output} or {error}',
  (found: unknown, context: t.Context): t.Validation<Canned> =>
    formOf(found).validate(isExactNumber(found) ? undefined : found, context),
);
