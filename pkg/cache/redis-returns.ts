/**
 * Tells that Redis was away: what has come back may be older than what was read there or removed from there before. A server that was started again
 * may have read a snapshot; a replica in its place may not have been told the last of it.
 *
 * The same process, and of the same history, has lost nothing. Of a cluster's nodes that is not asked: where one has gone, another one may have its keys.
 */
import type { Cluster, Redis } from 'ioredis';

type OnReturn = (isSame: Promise<boolean>) => void;

export const watchReturns = (client: Redis | Cluster, onReturn: OnReturn): void =>
  'nodes' in client ? watchNodes(client, onReturn) : watchServer(client, onReturn);

/** @returns undefined where it does not say */
const identityOf = async (server: Redis): Promise<string | undefined> => {
  const text = await server.info().catch(() => '');
  const [process, history] = [/^run_id:(\S+)/m.exec(text)?.[1], /^master_replid:(\S+)/m.exec(text)?.[1]];
  return process && history && `${process} ${history}`;
};

const watchServer = (server: Redis, onReturn: OnReturn): void => {
  let wasAway = false;
  let known: Promise<string | undefined> = Promise.resolve(undefined);
  server.on('close', () => {
    wasAway = true;
  });
  server.on('ready', () => {
    const before = known;
    known = identityOf(server);
    const isSame = Promise.all([before, known]).then(([then, now]) => then !== undefined && then === now);
    if (wasAway) onReturn(isSame);
  });
};

const watchNodes = (cluster: Cluster, onReturn: OnReturn): void => {
  /** Without those that were asked only which nodes there are. */
  const members = new WeakSet<Redis>();
  cluster.on('ready', () => {
    for (const node of cluster.nodes()) members.add(node);
  });
  cluster.on('+node', (node: Redis) => {
    if (cluster.status === 'ready') members.add(node);
  });
  cluster.on('-node', (node: Redis) => {
    if (members.has(node)) onReturn(Promise.resolve(false));
  });
};
