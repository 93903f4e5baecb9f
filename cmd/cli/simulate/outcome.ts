/** What came of one request, and what a whole call is called in the figures. */

export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  /** Bytes of the body; of a cut one, those that were read. */
  readonly bytes: number;
  /** Longer than the caller takes. */
  readonly cut: boolean;
  /** As parsed; undefined when it was cut or is not JSON. */
  readonly json: unknown;
  /** An error's `code`. */
  readonly code: string | undefined;
  /** From `Retry-After`. */
  readonly retryAfterMs: number | undefined;
}

export type Outcome =
  | Answer
  /** `reason`: an error code such as ECONNRESET. */
  | { readonly kind: 'network'; readonly reason: string }
  | { readonly kind: 'timeout' }
  /** The run was ended meanwhile: says nothing about the service. */
  | { readonly kind: 'given_up' };

/** What a caller would notice, and what became of the calls that it never made. */
export const troubles = {
  unexpected: 'another status or code than expected',
  cut: 'an answer longer than 32,768 bytes',
  not_json: 'an answer that is not JSON',
  timeout: 'no answer in time',
  network: 'no connection, or one that broke',
  more_stuck: 'the keys named in `more` did not become fewer',
  breaker_open: "not called: the caller's breaker was open",
  queue_full: "not called: the caller's queue was full",
} as const;

export type Trouble = keyof typeof troubles;

export type Verdict = 'as_expected' | Trouble | 'given_up';

export const isTrouble = (verdict: Verdict): verdict is Trouble => Object.hasOwn(troubles, verdict);
