/** An input that an action takes, as far as its declaration tells, for an example to paste. */
import type { ActionSpec } from '../../../pkg/tenant/action-spec.ts';
import type { InputSpec, InputType } from '../../../pkg/tenant/input-spec.ts';
import { exactNumber } from './exact-number.ts';

const samples: Readonly<Record<InputType, string | number | boolean>> = {
  UUID: '00000000-0000-4000-8000-000000000001',
  String: 'text',
  Integer: 1,
  Number: 1.5,
  Boolean: true,
  Timestamp: '2026-01-01T00:00:00Z',
};

const sampleOf = (input: InputSpec): unknown => {
  const text = samples.String.toString()
    .padEnd(input.minLength ?? 0, 'x')
    .slice(0, input.maxLength);
  const value = input.type === 'String' ? (input.enum?.[0] ?? text) : samples[input.type];
  return input.list ? [value] : value;
};

/** Without `tenant_id`, which `send` adds, and without what may be left out. @param key  that a lookup has a row for */
export const sampleInput = (spec: ActionSpec, key: string | undefined): Readonly<Record<string, unknown>> => {
  const keys = spec.kind === 'lookup' && key !== undefined ? spec.lookup.keys : undefined;
  return Object.fromEntries(
    spec.input
      .filter(({ optional }) => !optional)
      .map((input) => {
        if (input.name !== keys) return [input.name, sampleOf(input)];
        return [input.name, [input.type === 'Integer' ? exactNumber(key ?? '') : key]];
      }),
  );
};
