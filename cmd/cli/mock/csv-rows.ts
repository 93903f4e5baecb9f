/**
 * CSV with a header line as rows: RFC 4180, and PostgreSQL's word for null: an empty field is null, `""` is an empty text.
 *
 * A column is what its header says (`phone:text`, also number, boolean, json), else what the action knows of it, else numbers or
 * booleans where every field of it is one, else text. Numbers keep their digits. Problems name the line, never what stands there.
 */
import { CsvError, parse } from 'csv-parse/sync';
import { type Parsed, type Problem, parsed, refused } from '../../../pkg/errors/problem.ts';
import { requestLimits } from '../../../pkg/process/limits.ts';
import { mockLimits } from '../../../pkg/process/mock-limits.ts';
import { safeKey } from '../../../pkg/tenant/codec.ts';
import { exactNumber, isNumberText, parseWithDigits } from './exact-number.ts';

export type ColumnType = 'text' | 'number' | 'boolean' | 'json';

/** Of columns that say nothing themselves. */
export type KnownColumns = Readonly<Record<string, ColumnType>>;

interface Line {
  /** From 1; its last one, where a field has line breaks. */
  readonly line: number;
  readonly fields: readonly (string | null)[];
}

interface Column {
  readonly name: string;
  readonly type: ColumnType | undefined;
}

/** A value of the type, or undefined for what is none. */
const readers: Readonly<Record<ColumnType, (field: string) => unknown>> = {
  text: (field) => field,
  number: (field) => (isNumberText(field) ? exactNumber(field) : undefined),
  boolean: (field) => (field === 'true' || field === 'false' ? field === 'true' : undefined),
  json: (field) => {
    try {
      return parseWithDigits(field);
    } catch {
      return undefined;
    }
  },
};

const isType = (word: string): word is ColumnType => Object.hasOwn(readers, word);

const splitLines = (text: string): Parsed<readonly Line[]> => {
  const lines: Line[] = [];
  try {
    parse(text, {
      bom: true,
      skip_empty_lines: true,
      cast: (field, { quoting }) => (field === '' && !quoting ? null : field),
      on_record: (record: unknown, { lines: line }) => {
        const fields = Array.isArray(record) ? record.map((field) => (typeof field === 'string' ? field : null)) : [];
        lines.push({ line, fields });
        // Nothing is kept a second time.
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === 'number' ? error.lines : 1;
    const isShort = error.code === 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH';
    return refused([{ path: `line ${line}`, expected: isShort ? 'as many fields as the header has' : 'CSV' }]);
  }
  return parsed(lines);
};

const columnOf = (field: string | null): Column => {
  const [, name = '', type = ''] = /^(.*):(\w+)$/s.exec(field ?? '') ?? [];
  return isType(type) ? { name, type } : { name: field ?? '', type: undefined };
};

const readHeader = ({ line, fields }: Line): Parsed<readonly Column[]> => {
  const columns = fields.map(columnOf);
  const names = columns.map(({ name }) => name);
  const isHeader = names.length <= mockLimits.columnsMax && new Set(names).size === names.length && !names.includes('');
  if (isHeader) return parsed(columns);
  const expected = `a header of at most ${mockLimits.columnsMax} different names, each with or without :${Object.keys(readers).join(', :')}`;
  return refused([{ path: `line ${line}`, expected }]);
};

/** What every field of the column is; text where there is none. */
const inferType = (fields: readonly (string | null | undefined)[]): ColumnType => {
  const given = fields.filter((field) => typeof field === 'string');
  if (given.length === 0) return 'text';
  const types = ['number', 'boolean'] as const;
  return types.find((type) => given.every((field) => readers[type](field) !== undefined)) ?? 'text';
};

/** @returns a record for each line, and where each of them stands, e.g. `line 5: ` */
export const readCsv = (
  text: string,
  known: KnownColumns,
): Parsed<{ readonly rows: readonly object[]; readonly places: readonly string[] }> => {
  const lines = splitLines(text);
  if (!lines.ok) return lines;
  const [head, ...body] = lines.value;
  const header = head ? readHeader(head) : refused([{ path: 'line 1', expected: 'a header' }]);
  if (!header.ok) return header;
  const columns = header.value.map(({ name, type }, at) => {
    const own = type ?? (Object.hasOwn(known, name) ? known[name] : undefined);
    return { name, type: own ?? inferType(body.map(({ fields }) => fields[at])) };
  });
  const problems: Problem[] = [];
  const valueIn = (field: string | null | undefined, { name, type }: (typeof columns)[number], line: number) => {
    if (field === null || field === undefined) return null;
    const value = readers[type](field);
    if (value === undefined) problems.push({ path: `line ${line}: ${safeKey(name)}`, expected: type });
    return value;
  };
  const rows = body.map(({ line, fields }) =>
    Object.fromEntries(columns.map((column, at) => [column.name, valueIn(fields[at], column, line)])),
  );
  if (problems.length > 0) return refused(problems.slice(0, requestLimits.problemsMax));
  return parsed({ rows, places: body.map(({ line }) => `line ${line}: `) });
};
