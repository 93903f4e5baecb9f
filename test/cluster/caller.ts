/**
 * A caller of the tenant acme: signs, posts, and tells what it got. It comes through the Service or through the Ingress, on kept connections
 * or on a new one for each call, and never tries again by itself.
 */
import { Agent, request } from 'undici';
import { systemClock } from '../../pkg/process/clock.ts';
import { signatureSchemes } from '../../pkg/webhook/schemes.ts';
import { customerId } from '../services/database.ts';
import type { Answer } from '../services/handler.ts';
import { read } from './kubectl.ts';
import { fullName, hostName, namespace } from './release.ts';

const tenantId = 'acme';
/** As manifests/tenant.yaml has it. */
export const firstKey = 'the-first-webhook-key-of-acme';

const scheme = { header: 'X-CXone-Signature', encoding: 'Hex', toleranceSeconds: 300 } as const;

export interface Place {
  readonly url: string;
  readonly host: string;
}

export const throughService = async (): Promise<Place> => {
  const address = await read(['service', fullName, '--namespace', namespace], '{.spec.clusterIP}');
  return { url: `http://${address}/data-action`, host: fullName };
};

/** Where the Ingress itself says it is. */
export const throughIngress = async (): Promise<Place> => {
  const address = await read(['ingress', fullName, '--namespace', namespace], '{.status.loadBalancer.ingress[0].ip}');
  if (address === '') throw new Error('the Ingress has no address');
  return { url: `http://${address}/data-action`, host: hostName };
};

/** One pod, without anything in between. */
export const straightTo = (ip: string): Place => ({ url: `http://${ip}:8080/data-action`, host: ip });

export interface AskOptions {
  readonly key?: string;
  readonly action?: string;
  readonly input?: Readonly<Record<string, unknown>>;
}

export interface Caller {
  /** A look-up of the n-th customer, unless told otherwise. @throws where no answer comes */
  ask(n: number, options?: AskOptions): Promise<Answer>;
  close(): Promise<void>;
}

const signed = (key: string, body: Buffer): Readonly<Record<string, string>> => {
  const { parseKey, sign } = signatureSchemes.HmacBody;
  const parsed = parseKey(Buffer.from(key), 'key');
  if (!parsed.ok) throw new Error('the test has a key that is none');
  return sign(scheme, parsed.value, body, Math.floor(systemClock.wall() / 1_000));
};

const parse = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
};

/** Above the tenant's deadline: a caller that gives up earlier would hide what became of its request. */
const patienceMs = 30_000;

/** @param connections  `kept` ones are used again as long as both sides like */
export const createCaller = ({ url, host }: Place, connections: 'kept' | 'new' = 'kept'): Caller => {
  const agent = new Agent({
    pipelining: connections === 'kept' ? 1 : 0,
    headersTimeout: patienceMs,
    bodyTimeout: patienceMs,
  });
  return {
    ask: async (n, { key = firstKey, action = 'process_customer_batch', input = {} } = {}) => {
      const customer_ids = [customerId(1 + (n % 2_000))];
      const body = Buffer.from(JSON.stringify({ action, input: { tenant_id: tenantId, customer_ids, ...input } }));
      const headers = { Host: host, 'Content-Type': 'application/json', ...signed(key, body) };
      const answer = await request(url, { method: 'POST', dispatcher: agent, headers, body });
      const text = await answer.body.text();
      return { status: answer.statusCode, headers: answer.headers, text, json: parse(text) };
    },
    close: () => agent.close(),
  };
};
