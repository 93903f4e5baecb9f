/**
 * Declared inputs as io-ts codecs for request bodies. Nothing that passes here can make PostgreSQL refuse a value.
 */
import type * as t from 'io-ts';
import { RE2JS } from 're2js';
import { type Parsed, parsed } from '../errors/problem.ts';
import { requestLimits } from '../process/limits.ts';
import { perObject } from '../process/per-object.ts';
import { accepted, type Codec, decode, scalar } from '../tenant/codec.ts';
import { closed, list } from '../tenant/codec-containers.ts';
import { flag, oneOf, text } from '../tenant/codec-scalars.ts';
import type { InputSpec } from '../tenant/input-spec.ts';
import type { ActionInput } from './action.ts';
import { isTimestamp } from './timestamp.ts';

const canonicalUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const uuidForm = new RegExp(canonicalUuid, 'i');
const int8Min = -(2n ** 63n);
const int8Max = 2n ** 63n - 1n;

/** In canonical lower case, as PostgreSQL writes it. */
const uuid = scalar('UUID', (value) => {
  if (typeof value !== 'string') return undefined;
  if (canonicalUuid.test(value)) return value;
  return uuidForm.test(value) ? value.toLowerCase() : undefined;
});

/** An int8. One that a double cannot hold arrives as a bigint, see exact-json.ts. */
const integer = scalar('Integer', (value): number | bigint | undefined => {
  if (typeof value === 'bigint') return value >= int8Min && value <= int8Max ? value : undefined;
  // Adding zero turns -0 into 0.
  return typeof value === 'number' && Number.isSafeInteger(value) ? value + 0 : undefined;
});

const finite = scalar('Number', (value): number | bigint | undefined => {
  if (typeof value === 'bigint') return Number.isFinite(Number(value)) ? value : undefined;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
});

const timestamp = scalar('RFC 3339 timestamp', (value) =>
  typeof value === 'string' && isTimestamp(value) ? value : undefined,
);

const string = (input: InputSpec): Codec<string> => {
  if (input.enum) return oneOf(input.enum);
  const { minLength: min = 0, maxLength: max = requestLimits.stringCharactersMax, pattern } = input;
  const plain = text({ min, max });
  if (pattern === undefined) return plain;
  // RE2: linear in the input, so that no pattern can hold up the process.
  const matcher = RE2JS.compile(pattern);
  return scalar(`${plain.name} that match the declared pattern`, (value) =>
    plain.is(value) && matcher.matcher(value).find() ? value : undefined,
  );
};

const scalarCodec = (input: InputSpec): t.Mixed => {
  switch (input.type) {
    case 'UUID':
      return uuid;
    case 'String':
      return string(input);
    case 'Integer':
      return integer;
    case 'Number':
      return finite;
    case 'Boolean':
      return flag;
    case 'Timestamp':
      return timestamp;
  }
};

interface InputOptions {
  /** The verified tenant: the body has to name it. */
  readonly tenantId: string;
  /** The lists that are batches, never empty, and the most each may hold. */
  readonly batch?: { readonly names: readonly string[]; readonly max: number };
}

/** Of an input's elements: the same for all tenants that declare it. */
const itemCodec = perObject(scalarCodec);

const inputCodec = (
  inputs: readonly InputSpec[],
  { tenant, batch }: { readonly tenant: Codec<string>; readonly batch: InputOptions['batch'] | undefined },
): Codec<ActionInput> => {
  const required: Record<string, t.Mixed> = { tenant_id: tenant };
  const optional: Record<string, t.Mixed> = {};
  for (const input of inputs) {
    const item = itemCodec(input);
    const [min, max] = batch?.names.includes(input.name) ? [1, batch.max] : [0, requestLimits.listItemsMax];
    (input.optional ? optional : required)[input.name] = input.list ? list(item, min, max) : item;
  }
  return closed(required, optional);
};

const anyText: Codec<string> = scalar('text', (value) => (typeof value === 'string' ? value : undefined));

/** By batch: what takes the inputs of every tenant. */
const sharedCodecs = perObject((_: readonly InputSpec[]) => new Map<string, Codec<ActionInput>>());

/** There are as many batches for the same inputs as there are values of `batchSize`. */
const sharedCodec = (inputs: readonly InputSpec[], batch: InputOptions['batch']): Codec<ActionInput> => {
  const codecs = sharedCodecs(inputs);
  const id = batch ? [batch.max, ...batch.names].join() : '';
  const before = codecs.get(id);
  if (before) return before;
  const made = inputCodec(inputs, { tenant: anyText, batch });
  codecs.set(id, made);
  return made;
};

export interface InputDecoder {
  /** Decodes a body's `input`; problems have paths below `input`. */
  decode(value: unknown): Parsed<ActionInput>;
}

/** Tenants share the codec of what they declare alike. Only for an input that is refused is the tenant's own made, which knows what it has to be
 * told. */
export const compileInput = (inputs: readonly InputSpec[], options: InputOptions): InputDecoder =>
  new TenantInput(inputs, options);

class TenantInput implements InputDecoder {
  readonly #inputs: readonly InputSpec[];
  readonly #options: InputOptions;
  /** Of the options, which are then needed for a refusal alone. */
  readonly #tenantId: string;
  readonly #ofAll: Codec<ActionInput>;

  constructor(inputs: readonly InputSpec[], options: InputOptions) {
    this.#inputs = inputs;
    this.#options = options;
    this.#tenantId = options.tenantId;
    this.#ofAll = sharedCodec(inputs, options.batch);
  }

  decode(value: unknown): Parsed<ActionInput> {
    const input = accepted(this.#ofAll, value);
    if (input?.tenant_id === this.#tenantId) return parsed(input);
    const { tenantId, batch } = this.#options;
    return decode(inputCodec(this.#inputs, { tenant: oneOf([tenantId]), batch }), value, 'input');
  }
}
