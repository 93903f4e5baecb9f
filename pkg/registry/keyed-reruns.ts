/**
 * Work by key that is never done twice at a time, and never misses news: asked for while it runs, it runs once more.
 */
export interface KeyedReruns {
  /** Resolves when the key's work has run to its end with nothing new to do. Never rejects. */
  run(key: string): Promise<void>;
  /** Whose work is running. */
  keys(): Iterable<string>;
  /** Resolves when nothing runs. */
  idle(): Promise<void>;
}

export const createKeyedReruns = (
  work: (key: string) => Promise<void>,
  onError: (error: unknown) => void,
): KeyedReruns => {
  const running = new Map<string, Promise<void>>();
  const wanted = new Set<string>();

  const repeat = async (key: string): Promise<void> => {
    while (wanted.delete(key)) await work(key).catch(onError);
    running.delete(key);
  };

  return {
    run: (key) => {
      wanted.add(key);
      const run = running.get(key) ?? repeat(key);
      running.set(key, run);
      return run;
    },
    keys: () => running.keys(),
    idle: async () => void (await Promise.all(running.values())),
  };
};
