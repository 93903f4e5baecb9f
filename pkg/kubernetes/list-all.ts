/**
 * All pages of one list, as of one moment. Pages that expire on the way begin it again; pages too large to take are halved.
 *
 * Hands out each item as it comes, so that a caller who needs little of it keeps little.
 */
import { kubernetesLimits } from '../process/limits.ts';
import { type ApiResult, failed, succeeded } from './api-result.ts';
import type { KubernetesClient } from './client.ts';
import type { ListItem } from './list-page.ts';
import type { Resource } from './resource.ts';

export interface Listed<K> {
  readonly resourceVersion: string;
  readonly kept: readonly K[];
}

interface ListOptions<K> {
  readonly client: Pick<KubernetesClient, 'listPage'>;
  readonly resource: Resource;
  readonly signal: AbortSignal;
  /** What to keep of an item. */
  readonly keep: (item: ListItem) => K;
}

export const listAll = async <K>(options: ListOptions<K>): Promise<ApiResult<Listed<K>>> => {
  let result: ApiResult<Listed<K>> = failed('gone');
  for (let attempt = 0; attempt <= kubernetesLimits.pageRestartsMax; attempt += 1) {
    result = await listOnce(options);
    if (result.ok || result.failure.reason !== 'gone') break;
  }
  return result;
};

const listOnce = async <K>({ client, resource, signal, keep }: ListOptions<K>): Promise<ApiResult<Listed<K>>> => {
  const kept: K[] = [];
  let continueAt: string | undefined;
  let limit: number = kubernetesLimits.pageObjects;
  for (let pages = 0; pages < kubernetesLimits.pagesMax; ) {
    const query = { limit, ...(continueAt !== undefined && { continueAt }) };
    const page = await client.listPage(resource, query, { signal });
    if (!page.ok) {
      if (page.failure.reason !== 'too_large' || limit === 1) return page;
      limit = Math.floor(limit / 2);
      continue;
    }
    for (const item of page.value.items) kept.push(keep(item));
    continueAt = page.value.continueAt;
    if (continueAt === undefined) return succeeded({ resourceVersion: page.value.resourceVersion, kept });
    pages += 1;
  }
  return failed('too_large');
};
