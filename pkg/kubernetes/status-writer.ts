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
  /** Then another object of the same name is a `conflict`. */
  readonly uid?: string;
  readonly status: object;
  /** Whose fields these are. */
  readonly fieldManager: string;
}

/** Takes over fields that another manager owns. `not_found` when the object is gone.
 * @returns the object's metadata after it */
export type ApplyStatus = (status: StatusOf, options?: CallOptions) => Promise<ApiResult<ObjectMeta>>;

const applied = open({ metadata: objectMeta });

export const createApplyStatus =
  (call: Call): ApplyStatus =>
  async ({ namespace, name, uid, status, fieldManager }, options) => {
    const metadata = { namespace, name, ...(uid !== undefined && { uid }) };
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
            body: { apiVersion, kind, metadata, status },
            fieldManager,
            force: true,
          },
          setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
        ),
      options,
    );
    return result.ok ? { ok: true, value: result.value.metadata } : result;
  };
