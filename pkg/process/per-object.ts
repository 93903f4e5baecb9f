/**
 * A pure function of an immutable object, worked out once for each object and forgotten with it.
 *
 * Nobody can tell it from working it out each time, but by what that costs: so it may stand where nothing else is kept.
 */
export const perObject = <K extends object, V>(work: (key: K) => V): ((key: K) => V) => {
  const known = new WeakMap<K, { readonly value: V }>();
  return (key) => {
    const before = known.get(key);
    if (before) return before.value;
    const value = work(key);
    known.set(key, { value });
    return value;
  };
};
