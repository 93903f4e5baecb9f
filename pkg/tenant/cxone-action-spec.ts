/**
 * A call to the tenant's CXone API, with inputs put in where `{name}` stands.
 */
import type { Problem } from '../errors/problem.ts';
import { tenantLimits } from '../process/limits.ts';
import { type Codec, safeKey, scalar } from './codec.ts';
import { defaulted, record } from './codec-containers.ts';
import { isStorable, oneOf, text } from './codec-scalars.ts';
import type { InputSpec } from './input-spec.ts';
import { manifestObject, withoutNulls } from './manifest-object.ts';
import { outputName } from './output-name.ts';

export const cxoneMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type CxoneMethod = (typeof cxoneMethods)[number];

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export interface CxoneActionSpec {
  readonly method: CxoneMethod;
  /** Absolute path on the API's host; `{name}` stands for an input. */
  readonly path: string;
  /** `{name}` stands for an input. */
  readonly query: Readonly<Record<string, string>>;
  /** Sent as JSON. A string that is exactly `{name}` becomes the input with its type, `{name}` within a longer one its text. */
  readonly body?: JsonValue;
  readonly output: string;
}

const placeholder = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
const atMost = `at most ${tenantLimits.cxonePlaceholdersMax} names in braces`;
const expectedPath = `a path that begins with "/", without ".." segments, "//", query or fragment, and with ${atMost}`;

/** Text of these characters and a few placeholders: braces stand for nothing else. */
const template = (characters: string): RegExp =>
  new RegExp(`^${characters}*(?:${placeholder.source}${characters}*){0,${tenantLimits.cxonePlaceholdersMax}}$`);

const pathTemplate = template("[A-Za-z0-9\\-._~%!$&'()*+,;=:@/]");

const callPath: Codec<string> = scalar(expectedPath, (value) => {
  if (typeof value !== 'string' || value.length > tenantLimits.urlCharactersMax) return undefined;
  const isPath = value.startsWith('/') && pathTemplate.test(value) && !value.includes('//');
  return isPath && !value.split('/').some((segment) => segment === '..' || segment === '.') ? value : undefined;
});

const queryValue = text({
  max: tenantLimits.cxoneValueCharactersMax,
  pattern: template('[^{}]'),
  expected: `text of at most ${tenantLimits.cxoneValueCharactersMax} characters, with ${atMost} and no other braces`,
});

const query = withoutNulls(
  record(queryValue, { entriesMax: tenantLimits.cxoneQueryMax, keyCharactersMax: 64 }),
  () => true,
);

const expectedBody = `JSON of at most ${tenantLimits.cxoneBodyCharactersMax} characters and ${tenantLimits.cxoneBodyDepthMax} levels`;

const callBody: Codec<JsonValue> = scalar(expectedBody, (value) =>
  isJson(value, tenantLimits.cxoneBodyDepthMax) && JSON.stringify(value).length <= tenantLimits.cxoneBodyCharactersMax
    ? value
    : undefined,
);

const isJson = (value: unknown, depth: number): value is JsonValue => {
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value === 'string') return isStorable(value);
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth === 0) return false;
  return Object.entries(value).every(([key, entry]) => isStorable(key) && isJson(entry, depth - 1));
};

export const cxoneActionSpec: Codec<CxoneActionSpec> = manifestObject(
  {
    method: oneOf(cxoneMethods),
    path: callPath,
    query: defaulted(query, {}),
    output: outputName,
  },
  { body: callBody },
);

/** The inputs that a template names, in order. */
const placeholdersOf = (template: string): readonly string[] =>
  [...template.matchAll(placeholder)].map((match) => match[1] ?? '');

/** @returns problems by path below the call */
export const cxoneActionProblems = (call: CxoneActionSpec, inputs: readonly InputSpec[]): readonly Problem[] => {
  const problems: Problem[] = [];
  const declared = new Map(inputs.map((input) => [input.name, input]));
  const expectInputs = (path: string, template: string) => {
    if (placeholdersOf(template).some((name) => !declared.has(name))) {
      problems.push({ path, expected: 'names of inputs in braces' });
    }
  };
  expectInputs('path', call.path);
  for (const name of placeholdersOf(call.path)) {
    const input = declared.get(name);
    if (input?.list || input?.optional)
      problems.push({ path: 'path', expected: 'inputs that are neither lists nor optional' });
  }
  for (const [key, template] of Object.entries(call.query)) expectInputs(`query.${safeKey(key)}`, template);
  if (call.body !== undefined) expectInputs('body', JSON.stringify(call.body));
  if (call.method === 'GET' && call.body !== undefined) problems.push({ path: 'body', expected: 'no body with GET' });
  return problems;
};
