/** The text of a canned file to what it says, by the ending of its name. Every problem by line or path, none with a value. */
import { extname } from 'node:path';
import { LineCounter } from 'yaml';
import { parseDocuments, plainValue } from '../../../pkg/controller/plain-yaml.ts';
import { type Parsed, type Problem, parsed, refused } from '../../../pkg/errors/problem.ts';
import { mockLimits } from '../../../pkg/process/mock-limits.ts';
import { decode } from '../../../pkg/tenant/codec.ts';
import { type Canned, canned } from './canned.ts';
import { type KnownColumns, readCsv } from './csv-rows.ts';
import { parseWithDigits } from './exact-number.ts';

export const cannedExtensions = ['.csv', '.json', '.yaml', '.yml'] as const;

/** `[3].id` of the third row as `line 5: id`. */
const atLines = (problems: readonly Problem[], places: readonly string[]): readonly Problem[] =>
  problems.map(({ path, expected }) => {
    const [, at = '', column = ''] = /^\[(\d+)\]\.?(.*)$/s.exec(path) ?? [];
    const place = at === '' ? undefined : places[Number(at)];
    return { path: place === undefined ? path : `${place}${column}`.replace(/: $/, ''), expected };
  });

const loadCsv = (text: string, columns: KnownColumns): Parsed<Canned> => {
  const csv = readCsv(text, columns);
  if (!csv.ok) return csv;
  const { rows, places } = csv.value;
  const found = decode(canned, rows);
  if (!found.ok) return refused(atLines(found.problems, places));
  if (found.value.kind !== 'rows') return found;
  const placed = found.value.rows.map((row, at) => ({ ...row, place: places[at] ?? row.place }));
  return parsed({ kind: 'rows', rows: placed });
};

const loadJson = (text: string): Parsed<Canned> => {
  let value: unknown;
  try {
    value = parseWithDigits(text);
  } catch {
    // The parser's message quotes the text.
    return refused([{ path: '', expected: 'JSON' }]);
  }
  return decode(canned, value);
};

const loadYaml = (text: string): Parsed<Canned> => {
  if (Buffer.byteLength(text) > mockLimits.yamlBytesMax) {
    return refused([{ path: '', expected: `at most ${mockLimits.yamlBytesMax} bytes of YAML` }]);
  }
  const lines = new LineCounter();
  const [document, ...more] = parseDocuments(text, lines);
  if (!document || more.length > 0) return refused([{ path: '', expected: 'one document' }]);
  const value = plainValue(document, lines);
  return value.ok ? decode(canned, value.value) : value;
};

/** @param file  its name     @param columns  what the action knows of the columns of a CSV file */
export const loadCanned = (file: string, text: string, columns: KnownColumns): Parsed<Canned> => {
  if (extname(file) === '.csv') return loadCsv(text, columns);
  return extname(file) === '.json' ? loadJson(text) : loadYaml(text);
};
