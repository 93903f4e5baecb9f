/**
 * What a reflector tells others. Whatever a listener does, the loop goes on: what it throws is told to `onBroken`, and what
 * that one throws to nobody.
 */
import type { ApiFailure } from './api-result.ts';
import type { RelistReason } from './reflector-step.ts';

export interface ReflectorHooks {
  /** An object was added, changed or removed. Only says which; the store says what it is now. */
  readonly onChange?: (key: string) => void;
  /** The first list is in the store. Once. */
  readonly onSynced?: () => void;
  /** A watch is open; or it failed, and there is none until further notice. Only changes are told. */
  readonly onConnected?: (connected: boolean) => void;
  /** Everything is being listed again. */
  readonly onRelist?: (reason: RelistReason) => void;
  /** A look at everything found this many objects that the watch had not told of. */
  readonly onMissed?: (objects: number) => void;
  /** A list or a watch failed, and will be tried again. */
  readonly onFailure?: (failure: ApiFailure) => void;
  /** A defect of ours: a listener, `transform` or the loop itself threw. */
  readonly onBroken?: (error: unknown) => void;
}

export type Tell = Required<ReflectorHooks>;

export const createTell = (hooks: ReflectorHooks): Tell => {
  const onBroken = (error: unknown): void => {
    try {
      hooks.onBroken?.(error);
    } catch {
      // There is nobody left to tell.
    }
  };
  const guarded =
    <A extends readonly unknown[]>(hook: ((...values: A) => void) | undefined) =>
    (...values: A): void => {
      try {
        hook?.(...values);
      } catch (error) {
        onBroken(error);
      }
    };
  return {
    onChange: guarded(hooks.onChange),
    onSynced: guarded(hooks.onSynced),
    onConnected: guarded(onChangeOnly(hooks.onConnected)),
    onRelist: guarded(hooks.onRelist),
    onMissed: guarded(hooks.onMissed),
    onFailure: guarded(hooks.onFailure),
    onBroken,
  };
};

const onChangeOnly = (hook: ((value: boolean) => void) | undefined) => {
  let last: boolean | undefined;
  return (value: boolean): void => {
    if (value === last) return;
    last = value;
    hook?.(value);
  };
};
