/**
 * What a reflector knows of one resource: for each key the last version seen, and what `transform` kept of it.
 *
 * Values are never modified in place, and stay the same value for as long as the object stays the same version. Every method
 * that changes it returns or tells the keys that changed.
 */
import { keyOf, type ObjectMeta } from './object-meta.ts';

export interface Held<T> {
  readonly meta: ObjectMeta;
  /** `undefined`: the object is there, and nothing of it is kept. */
  readonly value: T | undefined;
}

export interface StoreReader<T> {
  /** @param key  `namespace/name` */
  get(key: string): T | undefined;
  list(): readonly T[];
  keys(): Iterable<string>;
  readonly size: number;
}

export interface Store<T> extends StoreReader<T> {
  held(key: string): Held<T> | undefined;
  /** @returns whether it is another version */
  set(held: Held<T>): boolean;
  /** Takes another value of the version that is held. @returns false when another version is */
  renew(held: Held<T>): boolean;
  delete(key: string): boolean;
  /** Everything at once. @returns the keys that were added, changed or removed */
  replace(all: readonly Held<T>[]): readonly string[];
  /** How many keys a list and the store disagree on, but for those in `except`. */
  differences(listed: readonly ObjectMeta[], except: ReadonlySet<string>): number;
}

export const createStore = <T>(): Store<T> => {
  let entries = new Map<string, Held<T>>();

  const set = (held: Held<T>): boolean => {
    const key = keyOf(held.meta);
    if (isSame(entries.get(key)?.meta, held.meta)) return false;
    entries.set(key, held);
    return true;
  };

  return {
    get: (key) => entries.get(key)?.value,
    list: () => [...entries.values()].flatMap(({ value }) => (value === undefined ? [] : [value])),
    keys: () => entries.keys(),
    get size() {
      return entries.size;
    },
    held: (key) => entries.get(key),
    set,
    renew: (held) => {
      const key = keyOf(held.meta);
      if (!isSame(entries.get(key)?.meta, held.meta)) return false;
      entries.set(key, held);
      return true;
    },
    delete: (key) => entries.delete(key),
    replace: (all) => {
      const before = entries;
      entries = new Map();
      const changed: string[] = [];
      for (const held of all) {
        const key = keyOf(held.meta);
        const known = before.get(key);
        const same = known !== undefined && isSame(known.meta, held.meta);
        entries.set(key, same ? known : held);
        if (!same) changed.push(key);
      }
      for (const key of before.keys()) if (!entries.has(key)) changed.push(key);
      return changed;
    },
    differences: (listed, except) => {
      const keys = new Set(listed.map(keyOf));
      const other = listed.filter((meta) => !except.has(keyOf(meta)) && !isSame(entries.get(keyOf(meta))?.meta, meta));
      const vanished = [...entries.keys()].filter((key) => !keys.has(key) && !except.has(key));
      return other.length + vanished.length;
    },
  };
};

export const isSame = (a: ObjectMeta | undefined, b: ObjectMeta): boolean =>
  a?.uid === b.uid && a.resourceVersion === b.resourceVersion;
