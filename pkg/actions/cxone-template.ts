/**
 * A declared call with `{name}` in it, compiled once: from inputs to the path, the query and the body that are sent.
 *
 * Path     each value is percent-encoded, and can neither add a segment nor change the path: see `pathProblems`
 * Query    the whole value is encoded, declared text included; a list's elements have commas between them
 * Body     JSON: a text that is exactly `{name}` becomes the input with its type, `{name}` within a longer one its text
 *
 * A parameter, field or element that names an input which is not there is left out.
 */
import type { Problem } from '../errors/problem.ts';
import type { CxoneActionSpec, JsonValue } from '../tenant/cxone-action-spec.ts';
import { type ActionInput, inputOf } from './action.ts';

export interface CallTemplate {
  /** Inputs that would make the path another one: empty, `.`, `..`, also behind an encoded slash. */
  pathProblems(input: ActionInput): readonly Problem[];
  /** With its query, encoded. */
  path(input: ActionInput): string;
  /** JSON text; undefined where there is none. */
  body(input: ActionInput): string | undefined;
}

type InputValue = ActionInput[string];
/** Undefined: names an input that is not there. */
type Fill = (input: ActionInput) => string | undefined;

interface Part {
  /** Of an input, or the text itself. */
  readonly name?: string;
  readonly text: string;
}

const partsOf = (template: string): readonly Part[] =>
  template
    .split(/(\{[A-Za-z_][A-Za-z0-9_]*\})/)
    .map((text, at) => (at % 2 === 1 ? { name: text.slice(1, -1), text } : { text }));

const textOf = (value: Exclude<InputValue, undefined>): string =>
  Array.isArray(value) ? value.map(String).join(',') : String(value);

const asItIs = (text: string): string => text;

const compileText = (template: string, encode: (text: string) => string): Fill => {
  const parts = partsOf(template);
  return (input) => {
    let filled = '';
    for (const { name, text } of parts) {
      const value = name === undefined ? undefined : inputOf(input, name);
      if (name !== undefined && value === undefined) return undefined;
      filled += value === undefined ? text : encode(textOf(value));
    }
    return filled;
  };
};

/** Exactly: integers may be larger than a double can hold. */
const encodeValue = (value: Exclude<InputValue, undefined>): string => {
  if (Array.isArray(value)) return `[${value.map(encodeValue).join()}]`;
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value);
};

const compileJson = (template: JsonValue): Fill => {
  if (typeof template === 'string') return compileJsonText(template);
  if (typeof template !== 'object' || template === null) return () => JSON.stringify(template);
  if (Array.isArray(template)) {
    const items = template.map(compileJson);
    return (input) =>
      `[${items
        .map((item) => item(input))
        .filter((item) => item !== undefined)
        .join()}]`;
  }
  const fields = Object.entries(template).map(([name, value]) => [JSON.stringify(name), compileJson(value)] as const);
  return (input) => {
    const filled = fields.map(([name, value]) => [name, value(input)] as const);
    return `{${filled.flatMap(([name, value]) => (value === undefined ? [] : [`${name}:${value}`])).join()}}`;
  };
};

const compileJsonText = (template: string): Fill => {
  const [before, only, after, ...more] = partsOf(template);
  const name = only?.name;
  if (name !== undefined && before?.text === '' && after?.text === '' && more.length === 0) {
    return (input) => {
      const value = inputOf(input, name);
      return value === undefined ? undefined : encodeValue(value);
    };
  }
  const fill = compileText(template, asItIs);
  return (input) => {
    const filled = fill(input);
    return filled === undefined ? undefined : JSON.stringify(filled);
  };
};

/** What a server that decodes a segment, or even takes its encoded slashes for slashes, could take for another path. */
const isPlainSegment = (segment: string): boolean =>
  segment !== '' &&
  !decoded(segment)
    .split(/[/\\]/)
    .some((part) => part === '.' || part === '..');

/** A declared path may hold a `%` that encodes nothing. */
const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

const namesIn = (template: string): readonly string[] =>
  partsOf(template).flatMap(({ name }) => (name === undefined ? [] : [name]));

export const compileCall = ({ path, query, body }: CxoneActionSpec): CallTemplate => {
  const fillPath = compileText(path, encodeURIComponent);
  const segments = path
    .split('/')
    .map((template) => ({ names: namesIn(template), fill: compileText(template, encodeURIComponent) }))
    .filter(({ names }) => names.length > 0);
  const parameters = Object.entries(query).map(
    ([name, template]) => [encodeURIComponent(name), compileText(template, asItIs)] as const,
  );
  const fillBody = body === undefined ? undefined : compileJson(body);

  return {
    pathProblems: (input) =>
      segments
        .filter(({ fill }) => !isPlainSegment(fill(input) ?? ''))
        .flatMap(({ names }) => names)
        .map((name) => ({ path: `input.${name}`, expected: 'a value that can stand in a path' })),
    path: (input) => {
      const given = parameters.flatMap(([name, fill]) => {
        const value = fill(input);
        return value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`];
      });
      return `${fillPath(input) ?? ''}${given.length > 0 ? `?${given.join('&')}` : ''}`;
    },
    body: (input) => fillBody?.(input),
  };
};
