/**
 * Writes `/status` of a DataActionConfig by server-side apply: the writer owns the fields that it sends and no others.
 */
import { CustomObjectsApi, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { open } from '../tenant/codec-containers.ts';
import { apiVersion, kind } from '../tenant/data-action-config.ts';
import type { ApiResult } from './api-result.ts';
import type { Call, CallOptions } from './call.ts';
import { type ObjectMeta, objectMeta } from './object-meta.ts';
import { dataActionGroup, dataActionPlural, dataActionVersion } from './resource.ts';

export interface StatusOf {
  readonly namespace: string;
  readonly name: string;
  /** The version that it was worked out for. */
  readonly resourceVersion: string;
  readonly status: object;
  /** Whose fields these are. */
  readonly fieldManager: string;
}

/** Takes over fields that another manager owns. `not_found` when the object is gone, `conflict` when it is another version by now: so that
 * an object made anew under the same name never gets the status of the old one (a uid alone is not compared for `/status`).
 * @returns the object's metadata after it */
export type ApplyStatus = (status: StatusOf, options?: CallOptions) => Promise<ApiResult<ObjectMeta>>;

const applied = open({ metadata: objectMeta });

export const createApplyStatus =
  (call: Call): ApplyStatus =>
  async ({ namespace, name, resourceVersion, status, fieldManager }, options) => {
    const result = await call(
      applied,
      (config) =>
        config.makeApiClient(CustomObjectsApi).patchNamespacedCustomObjectStatus(
          {
            group: dataActionGroup,
            version: dataActionVersion,
            namespace,
            plural: dataActionPlural,
            name,
            body: { apiVersion, kind, metadata: { namespace, name, resourceVersion }, status },
            fieldManager,
            force: true,
          },
          setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
        ),
      options,
    );
    return result.ok ? { ok: true, value: result.value.metadata } : result;
  };
