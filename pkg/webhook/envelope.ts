/**
 * The first look at a body: is it UTF-8 JSON, and whose is it? Everything else in it is looked at only after the
 * signature was verified (pkg/actions).
 */
import { AppError } from '../errors/app-error.ts';
import { exactJson } from './exact-json.ts';

export interface Envelope {
  /** The body's word for its tenant: decides whose keys verify it, nothing more. Undefined: not usable. */
  readonly tenantId: string | undefined;
  /** The whole body as parsed, with its integers exact: unvalidated. Dear where numbers are large, so only for who has verified it.
   * @throws invalid_json */
  body(): unknown;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** An own field: whatever a body says of `__proto__`, nothing is inherited. */
const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;

/** The parser's message quotes the body, so it is not kept as a cause. */
const orInvalid = <T>(read: () => T): T => {
  try {
    return read();
  } catch {
    throw new AppError('invalid_json');
  }
};

/** @throws invalid_json */
export const parseEnvelope = (bytes: Uint8Array): Envelope => {
  const { text, value } = orInvalid(() => {
    const text = utf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    return { text, value };
  });
  const tenantId = field(field(value, 'input'), 'tenant_id');
  return {
    tenantId: typeof tenantId === 'string' ? tenantId : undefined,
    body: () => orInvalid(() => exactJson(text, value)),
  };
};
