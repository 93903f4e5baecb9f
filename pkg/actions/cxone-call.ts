/**
 * A call to the tenant's CXone API: inputs into the declared request, the API's JSON into the answer, then the audit row.
 *
 * The JSON is passed on as text, so that it says exactly what the API said. It reads nothing of it and caches nothing.
 */
import { type ApiClient, isRepeatable } from '../cxone/api-client.ts';
import { AppError } from '../errors/app-error.ts';
import { refused } from '../errors/problem.ts';
import type { AuditLog } from '../postgres/audit-log.ts';
import { requestLimits } from '../process/limits.ts';
import type { CxoneAction } from '../tenant/action-spec.ts';
import type { BundleCxone } from '../tenant/bundle.ts';
import type { CxoneMethod } from '../tenant/cxone-action-spec.ts';
import type { AuditPolicy } from '../tenant/spec.ts';
import type { Action, ActionAnswer, ActionCall } from './action.ts';
import { compileCall } from './cxone-template.ts';
import { compileInput } from './input-codec.ts';

export interface CxoneServices {
  readonly auditLog: AuditLog;
  clientFor(tenantId: string, cxone: BundleCxone): ApiClient;
}

/** The part of a tenant's configuration that its calls depend on. */
export interface CxoneTenant {
  readonly tenantId: string;
  readonly audit: AuditPolicy;
  readonly client: ApiClient;
}

const withinBudget = (body: string): string => {
  if (Buffer.byteLength(body) <= requestLimits.answerBytesMax) return body;
  throw new AppError('answer_too_large', { message: "cxone api: more than an answer's budget" });
};

/** A 503 would invite a repeat, which of a call that changes something is another change. */
const rejectUnaudited =
  (method: CxoneMethod) =>
  (cause: unknown): never => {
    if (isRepeatable(method)) throw cause;
    throw new AppError('cxone_failed', {
      message: 'cxone api: carried out, not audited',
      publicMessage: 'The call was carried out, but could not be recorded',
      cause,
    });
  };

export const compileCxoneAction = (
  spec: CxoneAction,
  { tenantId, audit, client }: CxoneTenant,
  { auditLog }: Pick<CxoneServices, 'auditLog'>,
): Action => {
  const { method, output } = spec.cxone;
  const template = compileCall(spec.cxone);
  const decoder = compileInput(spec.input, { tenantId });

  const record = ({ requestId, context }: ActionCall) =>
    ({ tenantId, action: spec.name, keys: [], requestId, source: 'cxone', outcome: 'answered', context }) as const;

  const run = async (call: ActionCall): Promise<ActionAnswer> => {
    const request = { method, path: template.path(call.input), body: template.body(call.input) };
    const json = await client.call(request, call.deadline);
    const body = `{"output":{"${output}":${json ?? 'null'}}}`;
    // What has changed something is recorded, whatever becomes of its answer.
    if (isRepeatable(method)) withinBudget(body);
    if (audit === 'EveryRequest') await auditLog.append([record(call)], call.deadline).catch(rejectUnaudited(method));
    return { body: withinBudget(body), source: 'cxone' };
  };

  const decodeInput: Action['decodeInput'] = (value) => {
    const input = decoder.decode(value);
    if (!input.ok) return input;
    const problems = template.pathProblems(input.value);
    return problems.length > 0 ? refused(problems) : input;
  };

  return { name: spec.name, kind: 'cxone', decodeInput, run };
};
