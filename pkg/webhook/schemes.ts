/**
 * The signature schemes by the name a DataActionConfig uses.
 */
import { hmacBody } from './hmac-body.ts';
import type { SignatureScheme } from './signature.ts';

export const signatureSchemes = {
  HmacBody: hmacBody,
} as const satisfies Record<string, SignatureScheme>;

export type ImplementedScheme = keyof typeof signatureSchemes;

export const isImplementedScheme = (name: string): name is ImplementedScheme => Object.hasOwn(signatureSchemes, name);
