/**
 * What is said on the channel that tells every handler which cached rows a change made stale: by the triggers of
 * deploy/sql, and by transactions that declare `invalidates`.
 */
import type { Parsed } from '../errors/problem.ts';
import { databaseLimits } from '../process/limits.ts';
import { decodeJson } from '../tenant/codec.ts';
import { closed, list } from '../tenant/codec-containers.ts';
import { text } from '../tenant/codec-scalars.ts';

/** Keys left out = all keys, actions left out = all lookups of the tenant. */
export interface Notification {
  readonly tenantId: string;
  readonly keys?: readonly string[];
  readonly actions?: readonly string[];
  /** Of the transaction that tells of itself, see own-news.ts; left out by triggers. */
  readonly origin?: string;
}

const { notification: bounds } = databaseLimits;

export const invalidationChannel = 'dataactions_invalidate';

const notification = closed(
  { tenantId: text({ min: 1, max: bounds.textCharactersMax }) },
  {
    keys: list(text({ max: bounds.payloadCharactersMax }), 0, bounds.keysMax),
    actions: list(text({ min: 1, max: bounds.textCharactersMax }), 0, bounds.keysMax),
    origin: text({ min: 1, max: bounds.textCharactersMax }),
  },
);

export const decodeNotification = (payload: string): Parsed<Notification> => decodeJson(notification, payload);

/** @returns payloads that PostgreSQL takes; those of keys that fit none stand for all keys */
export const encodeNotification = ({ tenantId, actions, keys, origin }: Notification): readonly string[] => {
  const whole = JSON.stringify({ tenantId, actions, origin });
  if (keys === undefined || keys.length > bounds.keysMax) return [whole];
  const payloads: string[] = [];
  for (let at = 0; at < keys.length; at += bounds.keysPerPayload) {
    const payload = JSON.stringify({ tenantId, actions, keys: keys.slice(at, at + bounds.keysPerPayload), origin });
    if (Buffer.byteLength(payload) >= bounds.payloadBytesMax) return [whole];
    payloads.push(payload);
  }
  return payloads;
};
