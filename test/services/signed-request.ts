/**
 * A request as signature schemes see it, made of headers as `sign` returns them.
 */
import type { SignedRequest } from '../../pkg/webhook/signature.ts';

export type Headers = Readonly<Record<string, string>>;

/** Headers of any case, each once; what is undefined is not there. */
export const signedRequest = (
  headers: Readonly<Record<string, string | undefined>>,
  body: Uint8Array,
  now = 0,
): SignedRequest => {
  const byName = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { header: (name) => byName.get(name), body, now };
};

/** `text` with one bit of one byte turned. */
export const flipped = (text: string, at: number, bit = 0): string => {
  const bytes = Buffer.from(text, 'latin1');
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
  return bytes.toString('latin1');
};
