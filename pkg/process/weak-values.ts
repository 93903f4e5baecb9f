/**
 * Values by a name, each for as long as somebody else holds it. Names whose value is gone are taken out now and then, so that it never holds
 * more than twice as many as were held at once, or `least`.
 */
export interface WeakValues<V extends object> {
  get(name: string): V | undefined;
  set(name: string, value: V): void;
  /** Names, those of gone values among them. */
  size(): number;
}

/** @param least  names before it is looked for gone values */
export const createWeakValues = <V extends object>(least: number): WeakValues<V> => {
  const known = new Map<string, WeakRef<V>>();
  let sweepAt = least;

  const sweep = (): void => {
    for (const [name, value] of known) if (value.deref() === undefined) known.delete(name);
    sweepAt = Math.max(least, known.size * 2);
  };

  return {
    get: (name) => known.get(name)?.deref(),
    set: (name, value) => {
      if (known.size >= sweepAt) sweep();
      known.set(name, new WeakRef(value));
    },
    size: () => known.size,
  };
};
