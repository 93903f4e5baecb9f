/**
 * Which `maxmemory-policy` Redis runs: with any but allkeys-lru a full Redis refuses writes, or drops what was used last.
 *
 * CONFIG is often forbidden at managed services; INFO says the same.
 */
import { ReplyError } from 'ioredis';

const wantedPolicy = 'allkeys-lru';

/** What is asked of a node. */
export interface PolicyNode {
  config(operation: 'GET', name: string): Promise<unknown>;
  info(section: string): Promise<string>;
}

/** Of all nodes: the first that is not as wanted, else the wanted one.
 * @returns `unknown` where a node does not say; undefined where one does not answer, or none is known */
export const readEvictionPolicy = async (nodes: readonly PolicyNode[]): Promise<string | undefined> => {
  const policies = await Promise.all(nodes.map(policyOf));
  const odd = policies.find((policy) => policy !== undefined && policy !== wantedPolicy);
  return odd ?? (policies.includes(undefined) ? undefined : policies[0]);
};

const policyOf = async (node: PolicyNode): Promise<string | undefined> => {
  try {
    const reply: unknown = await node.config('GET', 'maxmemory-policy');
    if (Array.isArray(reply) && typeof reply[1] === 'string') return reply[1];
  } catch {
    // Forbidden or renamed: asked otherwise below.
  }
  try {
    return /^maxmemory_policy:(\S+)/m.exec(await node.info('memory'))?.[1] ?? 'unknown';
  } catch (error) {
    return error instanceof ReplyError ? 'unknown' : undefined;
  }
};
