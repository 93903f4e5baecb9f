/**
 * Secrets that files do not have, made up as far as configurations refer to them: nothing is ever signed with them.
 */
import { tenantLimits } from '../process/limits.ts';
import type { Reading } from './candidate.ts';
import type { SecretContent, Secrets } from './resolve-secrets.ts';
import { needsOf } from './secret-needs.ts';

/** Text that every scheme takes for a key: long enough, visible, and Base64 of enough bytes. */
const standIn = Buffer.from('A'.repeat(2 * tenantLimits.secretBytesMin));

/** @returns `secrets`, and one for each name that is not among them */
export const withStandIns = (readings: readonly Reading[], secrets: Secrets): Secrets => {
  const missing = [...needsOf(readings)].filter(([key]) => !secrets.has(key));
  const standIns = missing.map(([key, keys]): [string, SecretContent] => [
    key,
    { version: 'stand-in', data: new Map([...keys].map((each) => [each, standIn])) },
  ]);
  return new Map([...secrets, ...standIns]);
};
