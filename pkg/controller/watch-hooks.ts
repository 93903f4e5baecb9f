/**
 * What the watches of the controller tell, of whichever resource; and how a reflector is made to tell it.
 */
import type { ApiFailure } from '../kubernetes/api-result.ts';
import type { ReflectorHooks } from '../kubernetes/reflector-hooks.ts';
import type { RelistReason } from '../kubernetes/reflector-step.ts';

export interface WatchHooks {
  /** Something is another than before. */
  readonly onChange?: (key: string) => void;
  readonly onConnected?: () => void;
  readonly onRelist?: (resource: string, reason: RelistReason) => void;
  readonly onMissed?: (resource: string, objects: number) => void;
  readonly onFailure?: (resource: string, failure: ApiFailure) => void;
  readonly onBroken?: (error: unknown) => void;
}

type Trouble = Pick<ReflectorHooks, 'onRelist' | 'onMissed' | 'onBroken'> & Pick<Required<ReflectorHooks>, 'onFailure'>;

/** The hooks of one reflector that only pass on what went wrong. */
export const troubleHooks = (hooks: WatchHooks, resource: string): Trouble => ({
  onRelist: (reason) => hooks.onRelist?.(resource, reason),
  onMissed: (objects) => hooks.onMissed?.(resource, objects),
  onFailure: (failure) => hooks.onFailure?.(resource, failure),
  onBroken: (error) => hooks.onBroken?.(error),
});
