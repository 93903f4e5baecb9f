/**
 * What is bounded about plans: a part of limits.ts, which passes them on, in a file of its own for its length.
 */

/** What plans of declared texts are asked for. */
export const planLimits = {
  /** What stands behind a text in views, policies and indexes may change: its plan is looked at this often. */
  checkMs: 60_000,
  /** Where PostgreSQL has not answered that. */
  retryMs: 10_000,
  /** More texts than these have no known plan until others are asked for no more. */
  rememberedMax: 10_000,
} as const;
