/**
 * The request pipeline of `POST /data-action`, one step after the other; each returns what the next one needs:
 * gate → body → envelope → signature → validation → admission → action → answer.
 *
 * Errors are thrown as AppErrors and become answers in one place. It knows no kind of action and no scheme.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Action } from '../actions/action.ts';
import { decodeRequest } from '../actions/request.ts';
import { AppError } from '../errors/app-error.ts';
import type { ErrorCode } from '../errors/codes.ts';
import type { Clock } from '../process/clock.ts';
import { tenantLimits } from '../process/limits.ts';
import type { LiveTenant } from '../registry/live-tenant.ts';
import { createDeadline, type Deadline } from '../resilience/deadline.ts';
import { noTenant } from '../telemetry/tenant-labels.ts';
import { traceIdOf } from '../telemetry/traceparent.ts';
import { parseEnvelope } from '../webhook/envelope.ts';
import type { FailureReason } from '../webhook/signature.ts';
import { verifySignature } from '../webhook/verify.ts';
import { AbortedRequestError, checkBodyHeaders, readBody } from './body-reader.ts';
import type { Gate, Pass } from './gate.ts';
import { hasLeft } from './has-left.ts';
import { asAppError, problemReply, type Reply, writeReply } from './reply.ts';
import { requestIdOf } from './request-id.ts';
import { createTurns } from './turn.ts';

/** What an operator hears of one answered request. */
export interface RequestSummary {
  readonly requestId: string;
  readonly traceId: string | undefined;
  /** Verified ones only. */
  readonly tenantId: string | undefined;
  /** What metrics call it. */
  readonly tenantLabel: string;
  readonly action: string | undefined;
  readonly actionKind: Action['kind'] | undefined;
  readonly status: number;
  readonly code: ErrorCode | undefined;
  readonly durationMs: number;
  readonly source: string | undefined;
  /** True when its caller had left before the answer. */
  readonly abandoned: true | undefined;
  /** What went wrong, for the log. */
  readonly error: AppError | undefined;
}

/** Of a request whose caller left before its body was complete. */
export type AbandonedSummary = Pick<RequestSummary, 'requestId' | 'traceId' | 'durationMs'>;

export interface DataActionOptions {
  readonly clock: Clock;
  readonly gate: Gate;
  tenant(tenantId: string): LiveTenant | undefined;
  readonly bodyBytesMax: number;
  readonly bodyTimeoutMs: number;
  readonly hooks: {
    onAnswered(summary: RequestSummary): void;
    onAbandoned(summary: AbandonedSummary): void;
    onSignatureFailure(reason: FailureReason): void;
    onKeyUsed(tenantLabel: string, keyIndex: number): void;
  };
}

interface Authenticated {
  readonly tenant: LiveTenant;
  /** The scheme's own name for the message. */
  readonly messageId: string | undefined;
}

/** What becomes known of a request on its way. */
interface Progress {
  tenant?: LiveTenant;
  action?: Action;
  source?: string;
}

/** @returns milliseconds the caller gives us, no more than any tenant does; anything but a positive whole number is ignored */
const timeoutMsOf = (header: string | string[] | undefined): number => {
  const ms = typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : 0;
  return ms > 0 ? Math.min(ms, tenantLimits.deadlineMsMax) : tenantLimits.deadlineMsMax;
};

/** All values of a header: `headers` holds only the first of a repeated Authorization and some others.
 * @param name  in lower case */
const joinedHeader = (rawHeaders: readonly string[], name: string): string | undefined => {
  let joined: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const field = rawHeaders[at];
    if (field?.length !== name.length || field.toLowerCase() !== name) continue;
    const value = rawHeaders[at + 1] ?? '';
    joined = joined === undefined ? value : `${joined}, ${value}`;
  }
  return joined;
};

const single = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(', ') : header;

export const createDataActionHandler = (options: DataActionOptions) => {
  const { clock, gate, hooks, bodyBytesMax } = options;
  const currentTurn = createTurns();

  const authenticate = (request: IncomingMessage, body: Buffer, tenantId: string | undefined): Authenticated => {
    const tenant = tenantId === undefined ? undefined : options.tenant(tenantId);
    const verification = verifySignature(tenant?.keyRing, {
      header: (name) => joinedHeader(request.rawHeaders, name),
      body,
      now: Math.floor(clock.wall() / 1_000),
    });
    if (verification.ok && tenant) {
      hooks.onKeyUsed(tenant.label.text, verification.keyIndex);
      return { tenant, messageId: verification.messageId };
    }
    hooks.onSignatureFailure(verification.ok ? 'unknown_tenant' : verification.reason);
    throw new AppError('unauthenticated');
  };

  const answer = async (
    request: IncomingMessage,
    pass: Pass,
    { requestId, deadline, progress }: { requestId: string; deadline: Deadline; progress: Progress },
  ): Promise<Reply> => {
    const body = await readBody(request, bodyBytesMax, {
      onBytes: (bytes) => pass.hold(bytes),
      onWait: (refuse) => {
        pass.wait(refuse);
        return createDeadline(clock, Math.min(options.bodyTimeoutMs, deadline.remainingMs()));
      },
    });
    pass.goOn();
    const envelope = parseEnvelope(body);
    const { tenant, messageId } = authenticate(request, body, envelope.tenantId);
    progress.tenant = tenant;
    deadline.narrow(tenant.deadlineMs);
    const decoded = decodeRequest(tenant.compiled.actions, envelope.body());
    if (!decoded.ok) throw new AppError('invalid_request', { details: decoded.problems });
    const { action, input, context } = decoded.value;
    progress.action = action;
    tenant.admission.enter();
    try {
      const answered = await action.run({
        input,
        context,
        requestId,
        deadline,
        rawBody: body,
        idempotencyKey: single(request.headers['idempotency-key']) ?? messageId,
      });
      progress.source = answered.source;
      return { status: 200, body: answered.body };
    } finally {
      tenant.admission.leave();
    }
  };

  const msSince = (started: number): number => Math.round((clock.now() - started) * 1_000) / 1_000;

  const summarize = (
    request: IncomingMessage,
    { requestId, started, status }: { readonly requestId: string; readonly started: number; readonly status: number },
    { progress, error }: { readonly progress: Progress; readonly error: AppError | undefined },
  ): void =>
    hooks.onAnswered({
      requestId,
      traceId: traceIdOf(single(request.headers.traceparent)),
      tenantId: progress.tenant?.tenantId,
      tenantLabel: progress.tenant?.label.text ?? noTenant,
      action: progress.action?.name,
      actionKind: progress.action?.kind,
      status,
      code: error?.code,
      durationMs: msSince(started),
      source: progress.source,
      abandoned: hasLeft(request) || undefined,
      error,
    });

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const started = clock.now();
    const turn = currentTurn();
    const requestId = requestIdOf(single(request.headers['x-request-id']));
    const progress: Progress = {};
    const deadline = createDeadline(clock, timeoutMsOf(request.headers['x-timeout-ms']), started);
    let pass: Pass | undefined;
    try {
      pass = gate.enter();
      checkBodyHeaders(request, bodyBytesMax);
      const reply = await answer(request, pass, { requestId, deadline, progress });
      writeReply(response, reply, { requestId, close: gate.state() !== 'open', turn });
      summarize(request, { requestId, started, status: reply.status }, { progress, error: undefined });
    } catch (thrown) {
      if (thrown instanceof AbortedRequestError) {
        const traceId = traceIdOf(single(request.headers.traceparent));
        if (hasLeft(request)) hooks.onAbandoned({ requestId, traceId, durationMs: msSince(started) });
        return void response.destroy();
      }
      // A body that is here already, though unread, does not cost a refusal its connection.
      if (!request.complete) await turn.over();
      const error = asAppError(thrown);
      const reply = problemReply(error, requestId);
      writeReply(response, reply, { requestId, close: gate.state() !== 'open', turn });
      summarize(request, { requestId, started, status: reply.status }, { progress, error });
    } finally {
      deadline.close();
      pass?.leave();
    }
  };
};
