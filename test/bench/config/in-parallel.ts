/**
 * So much work at once and no more.
 */

/** @param work  of 0 to `count` - 1, begun in this order */
export const inParallel = async (atOnce: number, count: number, work: (n: number) => Promise<void>): Promise<void> => {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) await work(n);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
};
