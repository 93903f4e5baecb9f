/**
 * A transaction: its declared statements take effect together with its audit row, or nothing does. A repeat with the
 * same idempotency key gets the first answer and changes nothing.
 *
 * It decides what a failure means and who is told; pkg/postgres runs the statements.
 */
import type { Cache } from '../cache/two-tier.ts';
import { type AppError, isAppError } from '../errors/app-error.ts';
import type { AuditLog } from '../postgres/audit-log.ts';
import type { AuditRecord } from '../postgres/audit-record.ts';
import type { Database } from '../postgres/database.ts';
import { claimAhead, claimKey, type IdempotencyKey, isRepeat, storeAnswer } from '../postgres/idempotency.ts';
import { encodeNotification } from '../postgres/invalidation-channel.ts';
import type { KeptPlans } from '../postgres/kept-plan.ts';
import type { OwnNews, OwnTransaction } from '../postgres/own-news.ts';
import { runTransaction, type TransactionEnd, type TransactionSession } from '../postgres/transaction.ts';
import { notifyOthers, openFrame } from '../postgres/transaction-frame.ts';
import type { Clock } from '../process/clock.ts';
import type { TransactionAction } from '../tenant/action-spec.ts';
import type { Action, ActionAnswer, ActionCall } from './action.ts';
import { batchInputs } from './batch-inputs.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { compileInput } from './input-codec.ts';
import { differentKeys } from './input-keys.ts';
import { changesOf, type InvalidatedLookup } from './invalidated-lookups.ts';
import type { PoolShare } from './pool-shares.ts';
import type { QueryTimer } from './query-timer.ts';
import { compileTransactionSteps, runSteps, type TransactionStep } from './transaction-steps.ts';

export interface TransactionServices {
  readonly database: Database;
  readonly auditLog: AuditLog;
  readonly cache: Cache;
  readonly ownNews: OwnNews;
  readonly keptPlans: KeptPlans;
  readonly clock: Clock;
  readonly timer: QueryTimer;
  readonly hooks?: {
    onRollback?(tenantId: string): void;
    /** The audit row of a rollback could not be written: the answer goes out all the same. */
    onUnaudited?(error: unknown): void;
  };
}

export interface TransactionTenant {
  readonly tenantId: string;
  readonly batchSize: number;
  /** What all its transactions hold of the pool. */
  readonly share: PoolShare;
  /** Its lookups that this transaction's `invalidates` names. */
  readonly invalidated: readonly InvalidatedLookup[];
}

export interface CompiledTransaction {
  readonly action: Action;
  readonly steps: readonly TransactionStep[];
}

/** Rolled back for a reason that stands in the request, the rows or the declaration: that is an outcome, and audited. */
const isOutcome = (error: AppError): boolean =>
  isAppError(error, 'conflict', 'answer_too_large', 'statement_failed', 'overloaded');

export const compileTransactionAction = (
  spec: TransactionAction,
  tenant: TransactionTenant,
  services: TransactionServices,
): CompiledTransaction => {
  const { database, auditLog, cache, ownNews, keptPlans, clock, timer, hooks = {} } = services;
  const { tenantId } = tenant;
  const { isolation } = spec.transaction;
  const steps = compileTransactionSteps(spec);
  const batches = batchInputs(spec);
  const input = compileInput(spec.input, { tenantId, batch: { names: batches, max: tenant.batchSize } });

  const recordOf = (call: ActionCall, outcome: AuditRecord['outcome']): AuditRecord => ({
    tenantId,
    action: spec.name,
    keys: differentKeys(call.input, batches[0] ?? ''),
    requestId: call.requestId,
    source: 'database',
    outcome,
    context: call.context,
  });

  /** Takes effect once at most: where the key was used before, by a second transaction, which reads what is stored. */
  const runOnce = async (
    call: ActionCall,
    key: IdempotencyKey | undefined,
    own: OwnTransaction,
  ): Promise<TransactionEnd<string>> => {
    const record = recordOf(call, 'answered');
    const news = changesOf(tenant.invalidated, call.input).flatMap(({ action, keys }) =>
      encodeNotification({ tenantId, actions: [action], ...(keys && { keys }), origin: own.origin }),
    );
    own.sends(news.length);
    const options = { clock, isolation, deadline: call.deadline };
    const run = async (session: TransactionSession): Promise<string> => {
      const request = { tenantId, input: call.input, keptPlans };
      const body = await runSteps(steps, session, { ...request, commits: key === undefined });
      if (key) storeAnswer(session.sendAlong, key, body);
      return body;
    };
    const result = await runTransaction(database, options, (session) => {
      openFrame(session.sendAlong, record, news);
      if (key) claimAhead(session.sendAlong, key);
      return run(session);
    });
    if (key === undefined || result.end !== 'rolled_back' || !isRepeat(result.error)) return result;
    return runTransaction(database, options, async (session) => {
      openFrame(session.sendAlong, record, []);
      const stored = await claimKey(session.run, key);
      if (stored !== undefined) return stored;
      const body = await run(session);
      notifyOthers(session.sendAlong, news);
      return body;
    });
  };

  /** Here at once; the other handlers hear of it through PostgreSQL. */
  const invalidate = (call: ActionCall): void => {
    for (const { action, keys } of changesOf(tenant.invalidated, call.input))
      cache.invalidate({ tenantId, action, keys });
  };

  /** Ends with what it changed removed here, whether anybody knows that it was changed or not. */
  const runAndForget = async (call: ActionCall, key: IdempotencyKey | undefined): Promise<TransactionEnd<string>> => {
    const own = ownNews.begin();
    try {
      const result = await runOnce(call, key, own);
      if (result.end !== 'rolled_back' && !own.isHeard()) invalidate(call);
      if (result.end === 'unknown') own.doubtful();
      return result;
    } finally {
      own.done();
    }
  };

  const settle = async (call: ActionCall, key: IdempotencyKey | undefined): Promise<ActionAnswer> => {
    const result = await runAndForget(call, key);
    if (result.end === 'committed') return { body: result.value, source: 'database' };
    if (result.end === 'rolled_back') {
      // Of a key that is another request's, nothing was tried.
      if (!isAppError(result.error, 'idempotency_key_reused')) hooks.onRollback?.(tenantId);
      if (isOutcome(result.error)) {
        const record = recordOf(call, 'rolled_back');
        await auditLog.append([record], call.deadline).catch((error: unknown) => hooks.onUnaudited?.(error));
      }
    }
    throw result.error;
  };

  return {
    action: {
      name: spec.name,
      kind: 'transaction',
      decodeInput: (value) => input.decode(value),
      run: async (call) => {
        const key = idempotencyKeyOf(call, { tenantId, action: spec.name });
        // The caller leaves at its deadline; what is under way is ended by PostgreSQL at the same time.
        const settled = tenant.share.use(call.deadline, () => settle(call, key));
        return call.deadline.race(timer.time(tenantId, settled));
      },
    },
    steps,
  };
};
