/**
 * The text of a declared statement and the parameters bound to `$1`, `$2`, …: what lookups and transactions share.
 *
 * The check of placeholders is by pattern alone; pkg/postgres does the exact one when it prepares the statement.
 */
import type { Problem } from '../errors/problem.ts';
import { tenantLimits } from '../process/limits.ts';
import { type Codec, ruled } from './codec.ts';
import { list } from './codec-containers.ts';
import { text } from './codec-scalars.ts';
import { identifier } from './names.ts';

/** The tenant's id as verified; always `$1`. */
const tenantParameter = 'tenant_id';

// slonik rewrites this text anywhere in a statement, string literals included.
const reservedBySlonik = '$slonik_';

/** Connections are shared by all tenants. The last one would hide the others' names in escapes. Case as in the CRD's rule. */
const sessionState = /set_config|advisory_(?:un)?lock|u&[ \t\n\f\r]*"/iu;

/** Numbers are written without leading zeros. */
const placeholder = /\$([1-9]\d*)/g;

export const statementText: Codec<string> = ruled(
  text({ min: 1, max: tenantLimits.statementCharactersMax }),
  (statement) => {
    if (statement.includes(reservedBySlonik))
      return [{ path: '', expected: `a statement without ${reservedBySlonik}` }];
    return sessionState.test(statement)
      ? [{ path: '', expected: 'a statement that leaves the session as it is: no set_config, no session-level locks' }]
      : [];
  },
);

export const parameterNames: Codec<readonly string[]> = list(identifier, 1, tenantLimits.inputsMax + 1);

/** @param field  name of the field that holds the text
 * @returns what is wrong between a statement, its parameters and the inputs, by path below the statement's object */
export const parameterProblems = (
  field: string,
  statement: string,
  parameters: readonly string[],
  inputs: ReadonlySet<string>,
): readonly Problem[] => {
  const problems: Problem[] = [];
  if (parameters[0] !== tenantParameter) problems.push({ path: 'parameters[0]', expected: tenantParameter });
  for (const [at, name] of parameters.entries()) {
    if (name !== tenantParameter && !inputs.has(name)) {
      problems.push({ path: `parameters[${at}]`, expected: 'tenant_id or the name of an input' });
    }
  }
  const places = [...statement.matchAll(placeholder)].map((match) => Number(match[1]));
  if (!places.includes(1)) problems.push({ path: field, expected: 'a statement with $1, the tenant' });
  else if (places.reduce((a, b) => Math.max(a, b)) !== parameters.length) {
    problems.push({ path: field, expected: 'as many placeholders as there are parameters' });
  }
  return problems;
};
