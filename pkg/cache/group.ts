/**
 * The keys of one cached lookup that share everything but the key itself: tenant, action, revision, other parameters.
 *
 * `{tenant:action}` is a Redis hash tag: all keys of a scope are in one slot, so that one MGET works on Redis Cluster.
 * A changed action has another revision and with it other keys: it never reads old rows.
 */
import { hash } from 'node:crypto';
import { hashText } from './hash-text.ts';

export interface CacheGroup {
  readonly tenantId: string;
  readonly action: string;
  readonly revision: string;
  /** Hash of the other parameters, `-` when there are none. */
  readonly parameters: string;
  /** What is invalidated together: tenant and action. */
  readonly scope: string;
  /** Names the group; stands before every key of it in Redis. */
  readonly prefix: string;
  /** Of the prefix: 32 bits. Who can make groups that hash alike has won nothing: how many keys may do so has a bound (slot-table.ts). */
  readonly hash: number;
}

export interface CacheGroupOptions {
  readonly tenantId: string;
  readonly action: string;
  readonly revision: string;
  /** One text for the values of all parameters but tenant and keys (their JSON, say); left out when there are none. */
  readonly parameters?: string | undefined;
}

const plain = /^[\w.-]{1,64}$/;

/** A part of a Redis key that cannot be taken for two parts, nor for a hash tag, nor grow without bound. */
const keyPart = (text: string): string => (plain.test(text) ? text : `#${hash('sha256', text, 'base64url')}`);

export const cacheScope = (tenantId: string, action: string): string => `${keyPart(tenantId)}:${keyPart(action)}`;

/** Built once per compiled lookup, or once per request where a lookup has other parameters. */
export const createCacheGroup = (options: CacheGroupOptions): CacheGroup => {
  const { tenantId, action, revision } = options;
  const parameters = options.parameters === undefined ? '-' : hash('sha256', options.parameters, 'base64url');
  const scope = cacheScope(tenantId, action);
  const prefix = `dac:{${scope}}:${keyPart(revision)}:${parameters}:`;
  return { tenantId, action, revision, parameters, scope, prefix, hash: hashText(prefix, 0) };
};

export const redisKey = (group: CacheGroup, key: string): string => group.prefix + keyPart(key);

/** Entries of the scope read before the wall milliseconds in here are misses. */
export const redisFloorKey = (scope: string): string => `dac:{${scope}}:floor`;
