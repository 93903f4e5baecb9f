/**
 * The body of a 2xx as JSON text that is passed on as it came: no number loses a digit on its way.
 */

import { ExchangeError } from './exchange-error.ts';
import type { OutboundResponse } from './outbound.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** `application/json; charset=utf-8`, `application/hal+json`; none at all is taken for JSON too. */
const isJsonType = (type: string | undefined): boolean =>
  type === undefined || /^(?:application|text)\/(?:json|[\w.-]+\+json)\s*(?:;|$)/i.test(type.trim());

/** @returns undefined for an empty body
 * @throws ExchangeError garbage: another content type, not UTF-8, not JSON */
export const jsonTextOf = ({ status, contentType, body }: OutboundResponse): string | undefined => {
  if (status === 204 || body.length === 0) return undefined;
  if (!isJsonType(contentType)) throw new ExchangeError('garbage', { detail: 'content type' });
  try {
    const text = utf8.decode(body).trim();
    JSON.parse(text);
    // Two line ends of JavaScript that JSON allows in strings: callers that evaluate the answer would stumble over them.
    return text.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
  } catch {
    // The parser's message quotes the body, so it is not kept as a cause.
    throw new ExchangeError('garbage', { detail: 'not JSON' });
  }
};
