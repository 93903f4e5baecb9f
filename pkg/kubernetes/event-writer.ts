/**
 * Creates Events (events.k8s.io/v1) about a DataActionConfig, for `kubectl describe`. Each is new: nothing is counted up here.
 */
import { EventsV1Api, V1MicroTime } from '@kubernetes/client-node';
import type { Clock } from '../process/clock.ts';
import { open } from '../tenant/codec-containers.ts';
import { apiVersion, kind } from '../tenant/data-action-config.ts';
import type { ApiResult } from './api-result.ts';
import type { Call, CallOptions } from './call.ts';
import { type ObjectMeta, objectMeta } from './object-meta.ts';

export interface EventAbout {
  readonly regarding: ObjectMeta;
  readonly type: 'Normal' | 'Warning';
  /** UpperCamelCase, at most 128 characters. */
  readonly reason: string;
  /** What was done, likewise. */
  readonly action: string;
  /** Names fields and no values; cut at 1,024 characters, the API server's bound. */
  readonly note: string;
  /** `dataactions.dev/controller`, and which one of them. */
  readonly controller: string;
  readonly instance: string;
}

export type CreateEvent = (event: EventAbout, options?: CallOptions) => Promise<ApiResult<ObjectMeta>>;

const noteCharactersMax = 1_024;
const instanceCharactersMax = 128;
const nameCharactersMax = 200;
/** Hexadecimal digits of milliseconds, for some thousand years. */
const timeDigits = 12;
const created = open({ metadata: objectMeta });

export const createCreateEvent =
  (call: Call, clock: Clock): CreateEvent =>
  async ({ regarding, type, reason, action, note, controller, instance }, options) => {
    const { namespace, name, uid, resourceVersion } = regarding;
    const result = await call(
      created,
      (config) =>
        config.makeApiClient(EventsV1Api).createNamespacedEvent({
          namespace,
          body: {
            metadata: { namespace, generateName: nameBegins(name, clock.wall()) },
            eventTime: new V1MicroTime(clock.wall()),
            type,
            reason,
            action,
            note: note.slice(0, noteCharactersMax),
            regarding: { apiVersion, kind, namespace, name, uid, resourceVersion },
            reportingController: controller,
            reportingInstance: instance.slice(0, instanceCharactersMax),
          },
        }),
      options,
    );
    return result.ok ? { ok: true, value: result.value.metadata } : result;
  };

/** The API server completes it. In the order of time: `kubectl describe` shows Events without a lastTimestamp in that of their names, and
 * events.k8s.io has none. Cut, so that it still can be completed; a dot at the cut is refused. */
const nameBegins = (name: string, wallMs: number): string =>
  `${name.slice(0, nameCharactersMax).replace(/[.-]+$/, '')}.${wallMs.toString(16).padStart(timeDigits, '0')}-`;
