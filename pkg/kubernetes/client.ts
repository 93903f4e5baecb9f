/**
 * What the controller asks of the API server, over one pool of connections. Every call is bounded and answers with a value
 * or an ApiFailure; nothing here repeats a call.
 */
import type { Clock } from '../process/clock.ts';
import type { ApiResult } from './api-result.ts';
import { type CallOptions, createCall } from './call.ts';
import { type KubernetesSource, loadCredentials } from './credentials.ts';
import { type CreateEvent, createCreateEvent } from './event-writer.ts';
import { createLeases, type Leases } from './leases.ts';
import { type ListPage, listPage } from './list-page.ts';
import type { PageQuery, Resource } from './resource.ts';
import { type ApplyStatus, createApplyStatus } from './status-writer.ts';
import { createTransport } from './transport.ts';
import { createFollowWatch, type FollowWatch } from './watch.ts';

export interface KubernetesClient {
  /** Where this process runs, as far as the source says. */
  readonly namespace: string | undefined;
  listPage(resource: Resource, query: PageQuery, options?: CallOptions): Promise<ApiResult<ListPage>>;
  readonly watch: FollowWatch;
  readonly applyStatus: ApplyStatus;
  readonly createEvent: CreateEvent;
  readonly leases: Leases;
  /** Ends all connections; what is still going on fails as `unreachable`. */
  close(): Promise<void>;
}

interface ClientOptions {
  readonly source: KubernetesSource;
  readonly clock: Clock;
}

/** @throws when a kubeconfig cannot be read; the files of a pod may come later */
export const createKubernetesClient = ({ source, clock }: ClientOptions): KubernetesClient => {
  const credentials = loadCredentials(source, clock);
  const transport = createTransport(credentials);
  const call = createCall(transport, clock);
  return {
    namespace: credentials.namespace,
    listPage: (resource, query, options) => call(listPage, (config) => resource.list(config, query), options),
    watch: createFollowWatch(transport, clock),
    applyStatus: createApplyStatus(call),
    createEvent: createCreateEvent(call, clock),
    leases: createLeases(call),
    close: transport.close,
  };
};
