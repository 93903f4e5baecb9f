/**
 * Plain requests to a Kubernetes API server with a client certificate, on kept connections. Not the service's own client:
 * tests look at the server beside it.
 */
import { Agent, request } from 'undici';
import type { KeyPair } from './certificates.ts';

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON; a string as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiAnswer {
  readonly status: number;
  /** As parsed; empty where it is no JSON object. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface KubeClient {
  ask(path: string, options?: ApiRequest): Promise<ApiAnswer>;
  /** @throws unless the answer has this status */
  expect(status: number, path: string, options?: ApiRequest): Promise<ApiAnswer>;
}

export const createKubeClient = (url: string, ca: string, { certificate, key }: KeyPair): KubeClient => {
  const dispatcher = new Agent({ connect: { ca, cert: certificate, key }, allowH2: false });
  const ask: KubeClient['ask'] = async (path, { method = 'GET', body, headers = {} } = {}) => {
    const answer = await request(url + path, {
      dispatcher,
      method,
      headers: { Accept: 'application/json', 'Content-Type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: answer.statusCode, body: parse(await answer.body.text()) };
  };
  return {
    ask,
    expect: async (status, path, options) => {
      const answer = await ask(path, options);
      if (answer.status !== status) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer;
    },
  };
};

const parse = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
};
