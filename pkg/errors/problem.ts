/**
 * One thing wrong with an input: where, and what was expected there. Never the value that was found.
 *
 * Used for request bodies, manifests, bundles and settings alike, so that every refusal reads the same.
 */
export interface Problem {
  /** Path from the root of the input, e.g. `input.customer_ids[3]`; empty for the input as a whole. */
  readonly path: string;
  /** What belongs there, e.g. `UUID` or `1 to 100 items`. */
  readonly expected: string;
}

/** `path: expected …`, or what reads better without the word. */
export const problemText = ({ path, expected }: Problem): string =>
  `${path === '' ? '' : `${path}: `}${/^(?:required|no such field)\b/.test(expected) ? '' : 'expected '}${expected}`;

/** Either a value or everything that is wrong with the input it should have come from. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export const parsed = <T>(value: T): Parsed<T> => ({ ok: true, value });

export const refused = (
  problems: readonly Problem[],
): { readonly ok: false; readonly problems: readonly Problem[] } => ({
  ok: false,
  problems,
});
