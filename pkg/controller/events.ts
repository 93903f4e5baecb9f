/**
 * Which changes of a status are worth an Event, for whoever runs `kubectl describe dac`. Pure. Names fields, never values.
 */
import type { EventAbout } from '../kubernetes/event-writer.ts';
import { type ConfigStatus, conditionOf } from './status.ts';

export type EventText = Pick<EventAbout, 'type' | 'reason' | 'action' | 'note'>;

/** @returns undefined when there is nothing new to tell */
export const eventOf = (before: ConfigStatus | undefined, after: ConfigStatus): EventText | undefined => {
  const [was, is] = [conditionOf(before, 'Ready'), conditionOf(after, 'Ready')];
  if (is === undefined) return undefined;
  const { status, reason, message } = is;
  if (status === 'True') {
    if (was?.status === 'True' && before?.revision === after.revision) return undefined;
    const note = `generation ${after.observedGeneration} is served, as revision ${after.revision}`;
    return { type: 'Normal', reason, action: 'Apply', note };
  }
  if (was?.status === status && was.reason === reason && was.message === message) return undefined;
  return {
    type: reason === 'Suspended' ? 'Normal' : 'Warning',
    reason,
    action: actionOf[reason] ?? 'Apply',
    note: message,
  };
};

/** What was being done when it came to this. */
const actionOf: Readonly<Record<string, string>> = {
  InvalidSpec: 'Validate',
  DuplicateTenant: 'Validate',
  TooManyTenants: 'Validate',
  SecretNotFound: 'ResolveSecrets',
  SecretKeyMissing: 'ResolveSecrets',
  SecretTooShort: 'ResolveSecrets',
};
