/**
 * Answers of transactions kept for repeats, in the same transaction as what they tell of.
 *
 * A key is claimed before anything else is done: a concurrent repeat waits in PostgreSQL for the first one's end, and then finds its
 * answer, or the key free again. Older than `lifeHours`, a row counts as absent, whether it has been removed yet or not.
 */
import { AppError } from '../errors/app-error.ts';
import { idempotencyLimits } from '../process/limits.ts';
import type { RunOnConnection } from './database.ts';
import { asOperatorFault } from './pg-error.ts';
import { refusalOf, refuse } from './refusal.ts';
import { createStatement } from './statement.ts';
import type { SendAlong } from './transaction.ts';

export interface IdempotencyKey {
  readonly tenantId: string;
  readonly action: string;
  readonly key: string;
  /** Hex digest of the request's body. */
  readonly bodyHash: string;
}

const tooOld = `created_at < now() - interval '${idempotencyLimits.lifeHours} hours'`;

const claim = `INSERT INTO idempotency_keys AS held (tenant_id, action, key, body_hash)
VALUES ($1::text, $2::text, $3::text, $4::text)
ON CONFLICT (tenant_id, action, key) DO UPDATE SET body_hash = excluded.body_hash, answer = NULL, created_at = now()
WHERE held.${tooOld}
RETURNING key`;

const claimStatement = createStatement(claim);

/** What comes behind it may be on its way already: refused where the key is another's. */
const claimAheadStatement = createStatement(`WITH claimed AS (
${claim}
)
SELECT CASE s.n WHEN 0 THEN ${refuse('repeated', 's.n')} END
FROM (SELECT count(*) AS n FROM claimed) AS s`);

const readStatement = createStatement(
  'SELECT body_hash, answer FROM idempotency_keys WHERE tenant_id = $1::text AND action = $2::text AND key = $3::text',
);

const storeStatement = createStatement(
  'UPDATE idempotency_keys SET answer = $4::text WHERE tenant_id = $1::text AND action = $2::text AND key = $3::text',
);

export const cleanStatement = createStatement(`DELETE FROM idempotency_keys
WHERE (tenant_id, action, key) IN (
  SELECT tenant_id, action, key FROM idempotency_keys WHERE ${tooOld} ORDER BY created_at LIMIT $1::int FOR UPDATE SKIP LOCKED
)
RETURNING true AS removed`);

const operatorsFault = (error: unknown): AppError => asOperatorFault('idempotency_keys', error);
const blameOperator = (error: unknown): never => {
  throw operatorsFault(error);
};

const textOrNull = (row: unknown, field: string): string | null => {
  const value: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, field) : undefined;
  return typeof value === 'string' ? value : null;
};

/** Claims the key along with what comes next, for a request that is likely the first of its key: where it repeats one, PostgreSQL refuses all of it,
 * by an error that `isRepeat` tells, and `claimKey` has the answer. */
export const claimAhead = (sendAlong: SendAlong, { tenantId, action, key, bodyHash }: IdempotencyKey): void =>
  sendAlong({ statement: claimAheadStatement, values: [tenantId, action, key, bodyHash], blame: operatorsFault });

export const isRepeat = (error: unknown): boolean => refusalOf(error) === 'repeated';

/** @returns the stored answer of the request that this one repeats; undefined: it is the first, and the key is its own until the
 * transaction ends
 * @throws idempotency_key_reused when the first had another body */
export const claimKey = async (
  run: RunOnConnection,
  { tenantId, action, key, bodyHash }: IdempotencyKey,
): Promise<string | undefined> => {
  const claimed = await run(claimStatement, [tenantId, action, key, bodyHash]).catch(blameOperator);
  if (claimed.rows.length > 0) return undefined;
  const { rows } = await run(readStatement, [tenantId, action, key]).catch(blameOperator);
  const answer = textOrNull(rows[0], 'answer');
  // The claim has locked the row, and no row is committed without its answer.
  if (answer === null) throw new TypeError('an idempotency key without an answer');
  if (textOrNull(rows[0], 'body_hash') !== bodyHash) throw new AppError('idempotency_key_reused');
  return answer;
};

/** Keeps the answer, should the transaction be committed. Goes along with COMMIT. */
export const storeAnswer = (sendAlong: SendAlong, { tenantId, action, key }: IdempotencyKey, answer: string): void =>
  sendAlong({ statement: storeStatement, values: [tenantId, action, key, answer], blame: operatorsFault });
