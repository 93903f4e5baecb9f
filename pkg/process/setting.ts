/**
 * What a setting is, and how a table of them is read from the environment: every problem at once, and nothing is guessed.
 */
import { type Parsed, type Problem, parsed, refused } from '../errors/problem.ts';
import { readCertificates } from './certificates.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Setting<T> {
  readonly default: string | undefined;
  readonly help: string;
  readonly expected: string;
  parse(text: string): T | undefined;
}

export const whole = (fallback: number, min: number, max: number, help: string): Setting<number> => ({
  default: String(fallback),
  help,
  expected: `a whole number from ${min} to ${max}`,
  parse: (text) => (/^\d{1,12}$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined),
});

export const oneOf = <const T extends string>(values: readonly T[], fallback: T, help: string): Setting<T> => ({
  default: fallback,
  help,
  expected: `one of ${values.join(', ')}`,
  parse: (text) => values.find((value) => value === text),
});

const isUrl = (text: string, protocols: readonly string[]): boolean =>
  text.includes('://') && URL.canParse(text) && protocols.includes(new URL(text).protocol);

/** True when every part of a URL can be percent-decoded: a password with a lone % cannot. */
const isDecodable = (text: string): boolean => {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
};

interface UrlOptions {
  /** Several, with commas between them. */
  readonly many?: boolean;
  readonly fallback?: string;
}

export const url = (
  protocols: readonly string[],
  help: string,
  { many = false, fallback }: UrlOptions = {},
): Setting<string> => ({
  default: fallback,
  help,
  expected: `${protocols.map((protocol) => `${protocol}//…`).join(' or ')}${many ? ', several with commas between them' : ''}`,
  parse: (text) =>
    (many ? text.split(',') : [text]).every((part) => isUrl(part.trim(), protocols) && isDecodable(part))
      ? text
      : undefined,
});

export const text = (fallback: string | undefined, help: string): Setting<string> => ({
  default: fallback,
  help,
  expected: 'text without control characters',
  parse: (value) => (/^[^\p{Cc}]{1,4096}$/u.test(value) ? value : undefined),
});

/** The file's name in the environment, what it holds as the setting's value. */
export const certificates = (help: string): Setting<string> => ({
  default: undefined,
  help,
  expected: 'a PEM file with a certificate that can be read',
  parse: readCertificates,
});

const sslModes = ['disable', 'no-verify', 'require', 'verify-full'];

/** The driver knows four of libpq's words; others would only fail later, at every attempt to connect. */
export const postgresUrl = (help: string): Setting<string> => ({
  default: undefined,
  help,
  expected: `postgres://… with sslmode left out or one of ${sslModes.join(', ')}`,
  parse: (text) => {
    if (!isUrl(text, ['postgres:', 'postgresql:']) || !isDecodable(text)) return undefined;
    return sslModes.includes(new URL(text).searchParams.get('sslmode') ?? 'disable') ? text : undefined;
  },
});

export const logLevel = oneOf(
  ['debug', 'info', 'warn', 'error', 'fatal', 'silent'],
  'info',
  'Least level of the log lines that are written',
);

type Table = Readonly<Record<string, Setting<unknown>>>;
type Value<S> = S extends Setting<infer T> ? T : never;

/** By the names of the environment's variables. @typeParam Optional  those that may be absent */
export type Settings<T extends Table, Optional extends string> = {
  readonly [Name in keyof T]: Name extends Optional ? Value<T[Name]> | undefined : Value<T[Name]>;
};

interface Rules<Name extends string, Optional extends Name> {
  /** Those that may be absent; every other one is required unless it has a default. */
  readonly optional: readonly Optional[];
  /** The first is at most the second. */
  readonly relations?: readonly (readonly [Name, Name])[];
}

/** An empty variable counts as absent. Problems name the variable and what belongs there, never its value. */
export const readSettings = <T extends Table, Optional extends keyof T & string>(
  table: T,
  { optional, relations = [] }: Rules<keyof T & string, Optional>,
  env: Environment,
): Parsed<Settings<T, Optional>> => {
  const values: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const [name, setting] of Object.entries<Setting<unknown>>(table)) {
    const given = env[name] || setting.default;
    if (given === undefined) {
      if (!optional.some((each) => each === name)) problems.push({ path: name, expected: setting.expected });
      continue;
    }
    const value = setting.parse(given);
    if (value === undefined) problems.push({ path: name, expected: setting.expected });
    else values[name] = value;
  }
  for (const [smaller, larger] of relations) {
    if (Number(values[smaller]) > Number(values[larger]))
      problems.push({ path: smaller, expected: `at most ${larger}` });
  }
  // Each was read by its own setting just now.
  return problems.length > 0 ? refused(problems) : parsed(values as Settings<T, Optional>);
};
