/**
 * A lookup of the mock: the real one over rows of a file in place of PostgreSQL. Order, `missing`, `more` and `tooLarge` are
 * the real one's; there is no cache and no audit log.
 */

import type { KeyedRows } from '../../../pkg/actions/group-reading.ts';
import { compileLookupAction, type LookupServices, type LookupTenant } from '../../../pkg/actions/lookup.ts';
import { createMemoryTier } from '../../../pkg/cache/memory-tier.ts';
import { createCache } from '../../../pkg/cache/two-tier.ts';
import { type Parsed, type Problem, parsed, refused } from '../../../pkg/errors/problem.ts';
import type { Clock } from '../../../pkg/process/clock.ts';
import { requestLimits } from '../../../pkg/process/limits.ts';
import type { LookupAction } from '../../../pkg/tenant/action-spec.ts';
import type { InputType } from '../../../pkg/tenant/input-spec.ts';
import { tenantColumn } from './canned.ts';
import { isExactNumber } from './exact-number.ts';
import type { CannedRows, MockedAction } from './mocked-action.ts';

/** How PostgreSQL writes keys of the type. */
const keyForms: Partial<Readonly<Record<InputType, RegExp>>> = {
  UUID: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  Integer: /^(?:0|-?[1-9]\d{0,18})$/,
};

const keyOf = (value: unknown, type: InputType): string | undefined => {
  const isText = typeof value === 'string';
  if (!isText && typeof value !== 'number' && !isExactNumber(value)) return undefined;
  const text = isText ? value : JSON.stringify(value);
  if (!(keyForms[type]?.test(text) ?? true)) return undefined;
  return type === 'UUID' ? text.toLowerCase() : text;
};

/** Of several rows with one key the first counts, as in the real one. */
const byKey = (rows: CannedRows, column: string, type: InputType): Parsed<KeyedRows> => {
  const found = new Map<string, string>();
  const problems: Problem[] = [];
  for (const { place, values } of rows) {
    const key = keyOf(Object.hasOwn(values, column) ? values[column] : undefined, type);
    if (key === undefined) problems.push({ path: place + column, expected: `${type}, as the action's keys` });
    else if (!found.has(key)) found.set(key, JSON.stringify(values));
    if (problems.length >= requestLimits.problemsMax) break;
  }
  return problems.length > 0 ? refused(problems) : parsed(found);
};

const servicesOver = (rows: KeyedRows, clock: Clock): LookupServices => ({
  clock,
  cache: createCache({ clock, memory: createMemoryTier(0), random: Math.random, lookupsOf: () => [] }),
  reader: { read: async () => rows, groups: () => 0 },
  auditLog: { append: async () => {} },
});

export const mockLookup = (spec: LookupAction, tenant: LookupTenant, clock: Clock): MockedAction => {
  const { keys, keyColumn } = spec.lookup;
  const { type } = spec.input.find(({ name }) => name === keys) ?? { type: 'String' };
  const over = (rows: KeyedRows) => compileLookupAction(spec, tenant, servicesOver(rows, clock)).action;
  const declared = over(new Map());
  return {
    decodeInput: (value) => declared.decodeInput(value),
    source: 'database',
    columns: { [tenantColumn]: 'text', [keyColumn]: type === 'Integer' ? 'number' : 'text' },
    runWith: (rows = []) => {
      const keyed = byKey(rows, keyColumn, type);
      if (!keyed.ok) return keyed;
      const [key] = keyed.value.keys();
      const action = over(keyed.value);
      return parsed({ run: (call) => action.run(call), key });
    },
  };
};
