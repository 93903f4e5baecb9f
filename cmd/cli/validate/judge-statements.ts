/**
 * Shows the statements of all tenants to PostgreSQL, each different one once, and says where it refuses one.
 */
import { type Remark, remarksOn } from '../../../pkg/controller/review-manifests.ts';
import { askPostgres, type Judgement, openDatabase } from './ask-postgres.ts';
import type { CompiledReview } from './compile-reviewed.ts';

interface Judged {
  readonly remarks: readonly Remark[];
  /** How many PostgreSQL was asked about. */
  readonly asked: number;
}

const auditLogExpected = 'a table audit_log that this role may write to: without it nothing is answered';

/** @throws UsageError where PostgreSQL cannot be asked */
export const judgeStatements = async (reviews: readonly CompiledReview[], url: string): Promise<Judged> => {
  const { database, ready } = openDatabase(url);
  const judgements = new Map<string, Judgement>();
  const remarks: Remark[] = [];
  let auditLogMissed = false;

  const judge = async (declared: CompiledReview['statements'][number]): Promise<Judgement> => {
    const { name } = declared.statement.statement;
    const judgement = judgements.get(name) ?? (await askPostgres(database, declared.statement));
    judgements.set(name, judgement);
    return judgement;
  };

  database.start();
  try {
    await ready;
    for (const { config, statements } of reviews) {
      for (const declared of statements) {
        const { path } = declared;
        const { refusal, withoutAuditLog = false } = await judge(declared);
        if (refusal !== undefined) remarks.push(...remarksOn(config, 'problem', [{ path, expected: refusal }]));
        // Once is enough: it is the database's fault.
        if (withoutAuditLog && !auditLogMissed) {
          remarks.push(...remarksOn(config, 'note', [{ path, expected: auditLogExpected }]));
        }
        auditLogMissed ||= withoutAuditLog;
      }
    }
    return { remarks, asked: judgements.size };
  } finally {
    await database.stop();
  }
};
