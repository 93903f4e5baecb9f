/**
 * Where values lie along an axis, and which of them are written beside it.
 *
 * A linear axis begins at 0, so that heights compare. A logarithmic one ends at whole powers, so that each step along it is the same factor.
 */
export interface AxisScale {
  readonly ticks: readonly number[];
  /** @returns 0 at the first tick to 1 at the last */
  place(value: number): number;
}

const linearStepsMax = 6;
/** So that a sum of steps does not miss its last one by a rounding error. */
const hair = 1e-9;

/** Of 1, 2 and 5 times a power of ten, the least that takes few enough steps. */
const stepFor = (max: number): number => {
  const least = max / linearStepsMax;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((times) => times * power >= least * (1 - hair)) ?? 10);
};

/** @param max  above 0 */
export const linearScale = (max: number): AxisScale => {
  const step = stepFor(max);
  const steps = Math.ceil(max / step - hair);
  const ticks = Array.from({ length: steps + 1 }, (_, n) => n * step);
  return { ticks, place: (value) => value / (steps * step) };
};

/** @param values  all above 0 */
export const logScale = (base: 2 | 10, values: readonly number[]): AxisScale => {
  const powerOf = (value: number): number => Math.log2(value) / Math.log2(base);
  const first = Math.floor(powerOf(Math.min(...values)) + hair);
  const last = Math.max(first + 1, Math.ceil(powerOf(Math.max(...values)) - hair));
  const ticks = Array.from({ length: last - first + 1 }, (_, n) => base ** (first + n));
  return { ticks, place: (value) => (powerOf(value) - first) / (last - first) };
};
