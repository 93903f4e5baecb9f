/**
 * Which Secrets DataActionConfigs refer to, and which of their keys: nothing else of a Secret is ever kept. Pure.
 */
import { objectKey, type Reading } from './candidate.ts';
import { cxoneKeys } from './resolve-secrets.ts';

/** Keys by `namespace/name`. */
export type Needs = ReadonlyMap<string, ReadonlySet<string>>;

interface Reference {
  /** `namespace/name`. */
  readonly secret: string;
  readonly keys: readonly string[];
}

/** Of an invalid spec, those that can be told. */
export const referencesOf = ({ outline, spec }: Reading): readonly Reference[] => {
  const { namespace } = outline.metadata;
  const refer = (name: string, keys: readonly string[]) => ({ secret: objectKey({ namespace, name }), keys });
  return [
    ...(outline.webhook?.secretRefs ?? []).map(({ name, key }) => refer(name, [key])),
    ...(spec.ok && spec.value.cxone ? [refer(spec.value.cxone.secretRef.name, Object.values(cxoneKeys))] : []),
  ];
};

export const needsOf = (readings: Iterable<Reading>): Needs => {
  const needs = new Map<string, Set<string>>();
  for (const reading of readings) {
    for (const { secret, keys } of referencesOf(reading)) {
      const known = needs.get(secret) ?? new Set();
      for (const key of keys) known.add(key);
      needs.set(secret, known);
    }
  }
  return needs;
};

/** @returns the Secrets of which other keys are needed than before */
export const changedNeeds = (before: Needs, after: Needs): readonly string[] => {
  const changed = [...after].filter(([secret, keys]) => !isSame(before.get(secret), keys)).map(([secret]) => secret);
  const gone = [...before.keys()].filter((secret) => !after.has(secret));
  return [...changed, ...gone];
};

const isSame = (before: ReadonlySet<string> | undefined, keys: ReadonlySet<string>): boolean =>
  before?.size === keys.size && [...keys].every((key) => before.has(key));
