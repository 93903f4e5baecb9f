/**
 * What PostgreSQL is made to say where it has to refuse a statement of a transaction for a reason of ours, so that nothing sent behind it takes
 * effect: text that is to become an integer and is none. It stands in the server's log.
 */
import { messagesOf, sqlStateOf } from './pg-error.ts';

const refusals = {
  unmet: 'cxone-data-actions rolls back: not the expected rows but ',
  tooLong: 'cxone-data-actions rolls back: the answer is too long, rows: ',
  repeated: 'cxone-data-actions rolls back: the idempotency key was used before, claims: ',
} as const;

export type Refusal = keyof typeof refusals;

/** SQL, an integer, that is refused once it is evaluated.
 * @param count  a number that PostgreSQL learns only when it runs the statement: it would refuse a constant when it plans it */
export const refuse = (reason: Refusal, count: string): string => `('${refusals[reason]}' || ${count})::int`;

/** By the message, as there is nothing else to tell it by: the words are ours, and only what stands around them is the server's language.
 * @returns why the statement was refused, if it was for a reason of ours */
export const refusalOf = (error: unknown): Refusal | undefined => {
  if (sqlStateOf(error) !== '22P02') return undefined;
  const text = messagesOf(error);
  for (const [reason, words] of Object.entries(refusals)) if (text.includes(words)) return reason as Refusal;
  return undefined;
};
