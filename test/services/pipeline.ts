/**
 * The request pipeline over a real server on loopback, with a tenant that exists in memory alone, a clock that stands
 * still, and an action in the test's hands.
 */
import type { ServerResponse } from 'node:http';
import type { Action } from '../../pkg/actions/action.ts';
import { declaredTenant } from '../../pkg/actions/declared-tenant.ts';
import { parsed, refused } from '../../pkg/errors/problem.ts';
import { type AbandonedSummary, createDataActionHandler, type RequestSummary } from '../../pkg/http/data-action.ts';
import { createGate, type Gate } from '../../pkg/http/gate.ts';
import { createTrafficListener } from '../../pkg/http/traffic-listener.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import type { LiveTenant } from '../../pkg/registry/live-tenant.ts';
import { createAdmission } from '../../pkg/resilience/admission.ts';
import { defaultActions } from '../../pkg/tenant/actions-spec.ts';
import { hmacKey } from '../../pkg/webhook/hmac.ts';
import { hmacBody } from '../../pkg/webhook/hmac-body.ts';
import type { Answer } from './handler.ts';
import { type Loopback, openLoopback } from './loopback.ts';

const tenantId = 'acme';
export const newestKey = 'the newest key of acme';
export const previousKey = 'the previous key of acme';
export const answerBody = '{"output":{"rows":[],"count":0}}';
export const bodyBytesMax = 1_024;
export const bodyTimeoutMs = 500;
export const tenantDeadlineMs = 5_000;

interface PipelineOptions {
  readonly run?: Action['run'];
  readonly suspended?: boolean;
  /** Of the tenant, at once. */
  readonly concurrency?: number;
  /** Of the process, at once. */
  readonly requestsMax?: number;
  readonly bodyBytesInFlightMax?: number;
  readonly signatureHeader?: string;
  /** When the handler is done with a request, sent or not. */
  onHandled?(response: ServerResponse): void;
}

export interface Pipeline extends Loopback {
  readonly gate: Gate;
  /** What the hooks heard, in order. */
  readonly answered: readonly RequestSummary[];
  readonly abandoned: readonly AbandonedSummary[];
  readonly failures: readonly string[];
  readonly keysUsed: readonly (readonly [string, number])[];
  /** Signs (unless told otherwise) and posts. */
  post(body: string, options?: { readonly key?: string | null; readonly headers?: readonly string[] }): Promise<Answer>;
}

/** A body the tenant's action takes. */
export const goodBody = JSON.stringify({ action: 'get', input: { tenant_id: tenantId }, context: { call: '1' } });

const signatureOf = (key: string, body: string): string => {
  const options = { header: 'X-CXone-Signature', encoding: 'Hex', toleranceSeconds: 300 } as const;
  return `${options.header}: ${hmacBody.sign(options, hmacKey(key), Buffer.from(body), 0)[options.header]}`;
};

/** Header lines of a signed request, Content-Length included. */
export const signedHeaders = (body: string, key = newestKey): readonly string[] => [
  `Content-Length: ${Buffer.byteLength(body)}`,
  signatureOf(key, body),
];

export const openPipeline = async (options: PipelineOptions = {}): Promise<Pipeline> => {
  const { run = async () => ({ body: answerBody, source: 'memory' }), signatureHeader = 'x-cxone-signature' } = options;
  const clock = createManualClock();
  const gate = createGate({
    requestsMax: options.requestsMax ?? 100,
    bodyBytesMax: options.bodyBytesInFlightMax ?? 100 * bodyBytesMax,
  });
  const action: Action = {
    name: 'get',
    kind: 'lookup',
    decodeInput: (input) =>
      JSON.stringify(input) === JSON.stringify({ tenant_id: tenantId })
        ? parsed({})
        : refused([{ path: 'input.customer_ids[3]', expected: 'UUID' }]),
    run,
  };
  const tenant: LiveTenant = {
    tenantId,
    label: { text: 'label of acme' },
    revision: 'r1',
    keyRing: options.suspended
      ? undefined
      : {
          scheme: hmacBody,
          options: { header: signatureHeader, encoding: 'Hex', toleranceSeconds: 300 },
          keys: [newestKey, previousKey].map(hmacKey),
        },
    deadlineMs: tenantDeadlineMs,
    admission: createAdmission(clock, {
      requestsPerSecond: 1_000,
      burst: 1_000,
      concurrency: options.concurrency ?? 100,
    }),
    declared: declaredTenant({
      tenantId,
      webhook: { scheme: 'HmacBody', header: signatureHeader, encoding: 'Hex', toleranceSeconds: 300 },
      limits: { batchSize: 100 },
      actions: defaultActions,
    }),
    compiled: { actions: new Map([[action.name, action]]), statements: [], lookups: [] },
  };
  const answered: RequestSummary[] = [];
  const abandoned: AbandonedSummary[] = [];
  const failures: string[] = [];
  const keysUsed: (readonly [string, number])[] = [];
  const dataAction = createDataActionHandler({
    clock,
    gate,
    tenant: (id) => (id === tenantId ? tenant : undefined),
    bodyBytesMax,
    bodyTimeoutMs,
    hooks: {
      onAnswered: (summary) => void answered.push(summary),
      onAbandoned: (summary) => void abandoned.push(summary),
      onSignatureFailure: (reason) => void failures.push(reason),
      onKeyUsed: (id, index) => void keysUsed.push([id, index]),
    },
  });
  const handled: typeof dataAction = async (request, response) => {
    await dataAction(request, response);
    options.onHandled?.(response);
  };
  const listener = createTrafficListener({
    dataAction: handled,
    onRefused: () => {},
    closing: () => gate.state() !== 'open',
  });
  const loopback = await openLoopback(listener, clock);
  return {
    ...loopback,
    gate,
    answered,
    abandoned,
    failures,
    keysUsed,
    post: (body, { key = newestKey, headers = [] } = {}) =>
      loopback.ask('POST /data-action HTTP/1.1', [...(key === null ? [] : [signatureOf(key, body)]), ...headers], body),
  };
};
