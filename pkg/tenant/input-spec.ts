/**
 * What an action takes: `InputSpec`. A request's validator and the PostgreSQL casts are compiled from it.
 */
import { RE2JS } from 're2js';
import type { Problem } from '../errors/problem.ts';
import { requestLimits, tenantLimits } from '../process/limits.ts';
import { type Codec, ruled } from './codec.ts';
import { defaulted, list } from './codec-containers.ts';
import { flag, oneOf, text, whole } from './codec-scalars.ts';
import { manifestObject } from './manifest-object.ts';
import { identifier } from './names.ts';

export const inputTypes = ['UUID', 'String', 'Integer', 'Number', 'Boolean', 'Timestamp'] as const;
export type InputType = (typeof inputTypes)[number];

export interface InputSpec {
  readonly name: string;
  readonly type: InputType;
  readonly list: boolean;
  readonly optional: boolean;
  /** The rest for type String alone. Characters; left out: 0 and `requestLimits.stringCharactersMax`. */
  readonly minLength?: number;
  readonly maxLength?: number;
  /** RE2 syntax, so that matching takes linear time; found anywhere in the text unless anchored. */
  readonly pattern?: string;
  readonly enum?: readonly string[];
}

const stringOnly = ['minLength', 'maxLength', 'pattern', 'enum'] as const;

const rules = (input: InputSpec): readonly Problem[] => {
  const problems: Problem[] = [];
  if (input.name === 'tenant_id') problems.push({ path: 'name', expected: 'another name: tenant_id is always there' });
  if (input.type !== 'String') {
    for (const field of stringOnly) {
      if (input[field] !== undefined) problems.push({ path: field, expected: 'no such field unless type is String' });
    }
  }
  if ((input.minLength ?? 0) > (input.maxLength ?? requestLimits.stringCharactersMax)) {
    problems.push({ path: 'minLength', expected: 'at most maxLength' });
  }
  if (input.pattern !== undefined && !isLinearPattern(input.pattern)) {
    problems.push({ path: 'pattern', expected: 'a regular expression in RE2 syntax (linear time)' });
  }
  return problems;
};

/** True when RE2 takes the pattern: no back-references and no look-around, so no caller can make it slow. */
const isLinearPattern = (pattern: string): boolean => {
  try {
    RE2JS.compile(pattern);
    return true;
  } catch {
    return false;
  }
};

const characters = whole(0, requestLimits.stringCharactersMax);

export const inputSpec: Codec<InputSpec> = ruled<InputSpec>(
  manifestObject(
    { name: identifier, type: oneOf(inputTypes), list: defaulted(flag, false), optional: defaulted(flag, false) },
    {
      minLength: characters,
      maxLength: characters,
      pattern: text({ min: 1, max: tenantLimits.patternCharactersMax }),
      enum: list(text({ max: requestLimits.stringCharactersMax }), 1, tenantLimits.enumItemsMax),
    },
  ),
  rules,
);
