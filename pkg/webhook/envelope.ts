/**
 * The first look at a body: is it UTF-8 JSON, and whose is it? Everything else in it is looked at only after the
 * signature was verified (pkg/actions).
 */
import { AppError } from '../errors/app-error.ts';
import { parseExactJson } from './exact-json.ts';

export interface Envelope {
  /** The body's word for its tenant: decides whose keys verify it, nothing more. Undefined: not usable. */
  readonly tenantId: string | undefined;
  /** The whole body as parsed: unvalidated. */
  readonly body: unknown;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** An own field: whatever a body says of `__proto__`, nothing is inherited. */
const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;

/** @throws invalid_json */
export const parseEnvelope = (bytes: Uint8Array): Envelope => {
  let body: unknown;
  try {
    body = parseExactJson(utf8.decode(bytes));
  } catch {
    // The parser's message quotes the body, so it is not kept as a cause.
    throw new AppError('invalid_json');
  }
  const tenantId = field(field(body, 'input'), 'tenant_id');
  return { tenantId: typeof tenantId === 'string' ? tenantId : undefined, body };
};
