/**
 * Which Secrets DataActionConfigs refer to, and which of their keys: nothing else of a Secret is ever kept. Pure.
 */
import { objectKey, type Reading } from './candidate.ts';
import { cxoneKeys } from './resolve-secrets.ts';

/** Keys by `namespace/name`. */
export type Needs = ReadonlyMap<string, ReadonlySet<string>>;

export interface Reference {
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
  const index = createNeedsIndex();
  let number = 0;
  for (const reading of readings) index.set(String(number++), referencesOf(reading));
  return index.takeChanges();
};

/** The needs of all objects together, kept up to date: a change costs what it touches. */
export interface NeedsIndex {
  /** From now on `referrer` refers to these and no others. */
  set(referrer: string, references: readonly Reference[]): void;
  /** The Secrets of which other keys are needed than at the last call; no keys: none any more. */
  takeChanges(): Needs;
  /** Who refers to this Secret. */
  referrers(secret: string): Iterable<string>;
}

export const createNeedsIndex = (): NeedsIndex => {
  const bySecret = new Map<string, Map<string, Set<string>>>();
  const byReferrer = new Map<string, readonly Reference[]>();
  const told = new Map<string, ReadonlySet<string>>();
  const touched = new Set<string>();

  const release = (referrer: string): void => {
    for (const { secret } of byReferrer.get(referrer) ?? []) {
      touched.add(secret);
      bySecret.get(secret)?.delete(referrer);
      if (bySecret.get(secret)?.size === 0) bySecret.delete(secret);
    }
    byReferrer.delete(referrer);
  };
  const keysOf = (secret: string): ReadonlySet<string> => {
    const all = new Set<string>();
    for (const keys of bySecret.get(secret)?.values() ?? []) for (const key of keys) all.add(key);
    return all;
  };

  return {
    set: (referrer, references) => {
      release(referrer);
      if (references.length > 0) byReferrer.set(referrer, references);
      for (const { secret, keys } of references) {
        touched.add(secret);
        const referrers = bySecret.get(secret) ?? new Map<string, Set<string>>();
        bySecret.set(secret, referrers);
        const known = referrers.get(referrer) ?? new Set();
        for (const key of keys) known.add(key);
        referrers.set(referrer, known);
      }
    },
    takeChanges: () => {
      const changes = new Map<string, ReadonlySet<string>>();
      for (const secret of touched) {
        const keys = keysOf(secret);
        if (isSame(told.get(secret), keys)) continue;
        changes.set(secret, keys);
        if (keys.size > 0) told.set(secret, keys);
        else told.delete(secret);
      }
      touched.clear();
      return changes;
    },
    referrers: (secret) => bySecret.get(secret)?.keys() ?? [],
  };
};

const isSame = (before: ReadonlySet<string> = new Set(), keys: ReadonlySet<string>): boolean =>
  before.size === keys.size && [...keys].every((key) => before.has(key));
