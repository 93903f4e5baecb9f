/**
 * Reads a scenario and the files of values it names, both bounded. Every problem by path, none with a value.
 */
import { dirname, resolve } from 'node:path';
import { LineCounter } from 'yaml';
import { parseDocuments, plainValue } from '../../../pkg/controller/plain-yaml.ts';
import { utf8Text } from '../../../pkg/controller/utf8-text.ts';
import { type Parsed, type Problem, parsed, refused } from '../../../pkg/errors/problem.ts';
import { simulateLimits } from '../../../pkg/process/simulate-limits.ts';
import { decode } from '../../../pkg/tenant/codec.ts';
import { readFileAtMost } from '../read-at-most.ts';
import { unreadable } from '../read-bytes.ts';
import { type Scenario, scenario } from './scenario.ts';
import { isSource } from './value-spec.ts';

export interface LoadedScenario {
  readonly scenario: Scenario;
  linesOf(file: string): readonly string[];
}

/** @returns undefined when there are more bytes than that, or they are no text */
const readText = async (file: string, bytesMax: number): Promise<string | undefined> => {
  const bytes = await readFileAtMost(file, bytesMax);
  return bytes && utf8Text(bytes);
};

/** One value a line, up to the first comma; empty lines are left out. */
const valuesOfLines = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => (line.split(',', 1)[0] ?? '').trim())
    .filter((value) => value !== '');

const readValues = async (file: string): Promise<readonly string[] | undefined> => {
  try {
    const text = await readText(file, simulateLimits.valuesBytesMax);
    const values = text === undefined ? [] : valuesOfLines(text);
    return values.length > 0 && values.length <= simulateLimits.valuesMax ? values : undefined;
  } catch {
    return undefined;
  }
};

/** Where in the scenario which file is named. */
const namedFiles = ({ steps }: Scenario): readonly { readonly path: string; readonly file: string }[] =>
  steps.flatMap((step, at) =>
    (['input', 'context'] as const).flatMap((part) =>
      Object.entries(step[part] ?? {}).flatMap(([name, spec]) =>
        isSource(spec) && spec.from !== undefined
          ? [{ path: `steps[${at}].${part}.${name}.from`, file: spec.from }]
          : [],
      ),
    ),
  );

/** @param directory  that names of files start from */
const loadValues = async (found: Scenario, directory: string): Promise<Parsed<LoadedScenario>> => {
  const lines = new Map<string, readonly string[]>();
  const problems: Problem[] = [];
  for (const { path, file } of namedFiles(found)) {
    const values = lines.get(file) ?? (await readValues(resolve(directory, file)));
    if (values) lines.set(file, values);
    else problems.push({ path, expected: `a readable file of 1 to ${simulateLimits.valuesMax} lines in UTF-8` });
  }
  if (problems.length > 0) return refused(problems);
  return parsed({ scenario: found, linesOf: (file) => lines.get(file) ?? [] });
};

/** @param directory  that names of files start from */
export const loadScenario = async (value: unknown, directory: string): Promise<Parsed<LoadedScenario>> => {
  const found = decode(scenario, value);
  return found.ok ? loadValues(found.value, directory) : found;
};

/** YAML, of which JSON is a part. */
const parseScenario = (text: string): Parsed<unknown> => {
  const lines = new LineCounter();
  const [document, ...more] = parseDocuments(text, lines);
  if (!document || more.length > 0) return refused([{ path: '', expected: 'one document' }]);
  return plainValue(document, lines);
};

const readScenario = async (file: string): Promise<string | undefined> => {
  try {
    return await readText(file, simulateLimits.scenarioBytesMax);
  } catch (error) {
    throw unreadable(file, 'scenario', error);
  }
};

/** @throws UsageError for a file that cannot be read */
export const loadScenarioFile = async (file: string): Promise<Parsed<LoadedScenario>> => {
  const text = await readScenario(file);
  if (text === undefined)
    return refused([{ path: '', expected: `at most ${simulateLimits.scenarioBytesMax} bytes of UTF-8` }]);
  const value = parseScenario(text);
  return value.ok ? loadScenario(value.value, dirname(file)) : value;
};
