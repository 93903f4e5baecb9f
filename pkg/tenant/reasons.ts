/**
 * Why a DataActionConfig is in the state it is in: the closed list of reasons in conditions and reports.
 */
export const reasons = [
  'Valid',
  'InvalidSpec',
  'DuplicateTenant',
  'TooManyTenants',
  'SecretNotFound',
  'SecretKeyMissing',
  'SecretTooShort',
  'StatementRejected',
  'WaitingForDatabase',
  'WaitingForHandler',
  'Applied',
  'Suspended',
] as const;

export type Reason = (typeof reasons)[number];
