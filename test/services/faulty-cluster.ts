/**
 * The fake API server with three Secrets, and a reflector that follows them.
 */

import type { ReflectorHooks } from '../../pkg/kubernetes/reflector-hooks.ts';
import { secretsIn } from '../../pkg/kubernetes/resource.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import type { FakeApiServer } from './fake-api-server.ts';
import { type Followed, follow } from './followed.ts';
import { collectionPath, startFakeCluster } from './kube-cluster.ts';

export interface Faulty {
  readonly server: FakeApiServer;
  readonly followed: Followed;
  truth(): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

const names = ['a', 'b', 'c'] as const;
export const secretsPath = collectionPath('here', 'secrets');

interface FaultyOptions {
  readonly prepare?: (server: FakeApiServer) => void;
  readonly hooks?: ReflectorHooks;
  readonly random?: () => number;
}

/** Begun, not waited for. */
export const openFaulty = async ({ prepare, hooks = {}, random = () => 0.5 }: FaultyOptions = {}): Promise<Faulty> => {
  const cluster = await startFakeCluster();
  for (const name of names) await cluster.put('secrets', name, { data: {} });
  prepare?.(cluster.fake);
  const clock = createManualClock();
  const resource = secretsIn(cluster.namespace);
  const followed = follow({ client: cluster.client(clock), resource, clock, random, hooks });
  void followed.reflector.start();
  return {
    server: cluster.fake,
    followed,
    truth: () => cluster.truth('secrets'),
    close: async () => {
      await followed.reflector.stop();
      await cluster.close();
    },
  };
};
