/**
 * Which `maxmemory-policy` Redis runs: with any but allkeys-lru a full Redis refuses writes, or drops what was used last.
 *
 * CONFIG is often forbidden at managed services; INFO says the same.
 */
import type { Redis } from 'ioredis';

const wantedPolicy = 'allkeys-lru';

/** Of all nodes: the first that is not as wanted, else the wanted one; undefined where a node does not say, or none is known. */
export const readEvictionPolicy = async (nodes: readonly Redis[]): Promise<string | undefined> => {
  if (nodes.length === 0) return undefined;
  const policies = await Promise.all(nodes.map(policyOf));
  const odd = policies.findIndex((policy) => policy !== wantedPolicy);
  return odd === -1 ? wantedPolicy : policies[odd];
};

const policyOf = async (node: Redis): Promise<string | undefined> => {
  try {
    const reply: unknown = await node.config('GET', 'maxmemory-policy');
    if (Array.isArray(reply) && typeof reply[1] === 'string') return reply[1];
  } catch {
    // Forbidden or renamed: asked otherwise below.
  }
  try {
    return /^maxmemory_policy:(\S+)/m.exec(await node.info('memory'))?.[1];
  } catch {
    return undefined;
  }
};
