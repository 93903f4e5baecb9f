/** One line for each request, as text or JSON: who, what and how it ended, and no value of it. */
import type { RequestSummary } from '../../../pkg/http/data-action.ts';
import type { RefusedSummary } from '../../../pkg/http/traffic-listener.ts';
import type { FailureReason } from '../../../pkg/webhook/signature.ts';

export interface AnsweredRequest {
  /** ISO 8601. */
  readonly time: string;
  /** A verified one. */
  readonly tenantId?: string | undefined;
  readonly action?: string | undefined;
  readonly status: number;
  readonly code?: string | undefined;
  /** Why a signature was refused: the answer does not say. */
  readonly reason?: FailureReason | undefined;
  readonly ms?: number | undefined;
}

export const answeredRequest = (
  summary: Partial<RequestSummary> & Pick<RequestSummary | RefusedSummary, 'status' | 'error'>,
  { wallMs, reason }: { readonly wallMs: number; readonly reason?: FailureReason | undefined },
): AnsweredRequest => {
  const { tenantId, action, status, error, durationMs: ms } = summary;
  return { time: new Date(wallMs).toISOString(), tenantId, action, status, code: error?.code, reason, ms };
};

export const requestLine = ({ time, tenantId, action, status, code, reason, ms }: AnsweredRequest): string =>
  [
    time,
    tenantId ?? '-',
    action ?? '-',
    status,
    code ?? '-',
    ...(reason === undefined ? [] : [`(${reason})`]),
    ...(ms === undefined ? [] : [`${ms.toFixed(1)} ms`]),
  ].join(' ');
