/**
 * Which earlier request a transaction may repeat: by the `Idempotency-Key` header, else by the message id of its signature
 * scheme, else by nothing.
 */
import { hash } from 'node:crypto';
import { AppError } from '../errors/app-error.ts';
import type { IdempotencyKey } from '../postgres/idempotency.ts';
import { idempotencyLimits } from '../process/limits.ts';
import type { ActionCall } from './action.ts';

const { keyCharactersMax } = idempotencyLimits;
/** No space: a repeated header, whose values are joined by one, is no key. */
const form = new RegExp(`^[\\x21-\\x7e]{1,${keyCharactersMax}}$`);

export const isIdempotencyKey = (text: string): boolean => form.test(text);

/** In words. */
export const idempotencyKeyForm = `1 to ${keyCharactersMax} visible ASCII characters`;

/** @throws invalid_request */
export const idempotencyKeyOf = (
  { idempotencyKey, rawBody }: Pick<ActionCall, 'idempotencyKey' | 'rawBody'>,
  { tenantId, action }: { readonly tenantId: string; readonly action: string },
): IdempotencyKey | undefined => {
  if (idempotencyKey === undefined) return undefined;
  if (!isIdempotencyKey(idempotencyKey)) {
    throw new AppError('invalid_request', { details: [{ path: 'Idempotency-Key', expected: idempotencyKeyForm }] });
  }
  return { tenantId, action, key: idempotencyKey, bodyHash: hash('sha256', rawBody, 'hex') };
};
