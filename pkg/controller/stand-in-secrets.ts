/**
 * Secrets that files do not have, made up as far as configurations refer to them: nothing is ever signed with them.
 */
import { tenantLimits } from '../process/limits.ts';
import { objectKey, type ReadConfig } from './candidate.ts';
import { cxoneKeys, type SecretContent, type Secrets } from './resolve-secrets.ts';

interface Reference {
  readonly name: string;
  readonly keys: readonly string[];
}

const referencesOf = ({ outline, spec }: ReturnType<ReadConfig>): readonly Reference[] => [
  ...(outline.webhook?.secretRefs ?? []).map(({ name, key }) => ({ name, keys: [key] })),
  ...(spec.ok && spec.value.cxone ? [{ name: spec.value.cxone.secretRef.name, keys: Object.values(cxoneKeys) }] : []),
];

/** Text that every scheme takes for a key: long enough, visible, and Base64 of enough bytes. */
const standIn = Buffer.from('A'.repeat(2 * tenantLimits.secretBytesMin));

/** @returns `secrets`, and one for each name that is not among them */
export const withStandIns = (readings: readonly ReturnType<ReadConfig>[], secrets: Secrets): Secrets => {
  const made = new Map<string, Map<string, Uint8Array>>();
  for (const reading of readings) {
    const { namespace } = reading.outline.metadata;
    for (const { name, keys } of referencesOf(reading)) {
      const key = objectKey({ namespace, name });
      if (secrets.has(key)) continue;
      const data = made.get(key) ?? new Map<string, Uint8Array>();
      for (const each of keys) data.set(each, standIn);
      made.set(key, data);
    }
  }
  const standIns = [...made].map(([key, data]): [string, SecretContent] => [key, { version: 'stand-in', data }]);
  return new Map([...secrets, ...standIns]);
};
