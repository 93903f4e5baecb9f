/**
 * A CXone for development and tests: discovery, both token endpoints, and an API that says what it was asked. Deterministic;
 * it keeps nothing but the newest tokens it gave out, which hold until they are revoked.
 *
 * It is a listener for whatever server stands in front of it. It proves nothing about what the real one answers.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { fakeCxoneLimits } from '../../pkg/process/mock-limits.ts';
import { readAtMost } from './read-at-most.ts';

export interface FakeCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

export interface FakeRequest {
  readonly kind: 'discovery' | 'token' | 'api';
  readonly method: string;
  /** With its query, as it was sent. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface FakeAccount {
  readonly credentials: FakeCredentials;
  /** As its id tokens name the tenant. */
  readonly tenantId: string;
}

export interface FakeCxoneOptions {
  readonly accounts: readonly FakeAccount[];
  /** Where it is reached from outside, which discovery answers with. */
  origin(): string;
  readonly tokenLifeSeconds?: number;
  /** Tokens are this and a number. */
  readonly tokenPrefix?: string;
  /** Looks at each request first. @returns true when it answers in place of the fake */
  intercept?(request: FakeRequest, response: ServerResponse): boolean;
}

export interface FakeCxone {
  readonly listener: RequestListener;
  /** From now on every token given out so far is refused. */
  revokeTokens(): void;
}

const discoveryPaths = { openid: '/.well-known/openid-configuration', api: '/.well-known/cxone-configuration' };
const tokenPaths = { form: '/auth/token', json: '/oauth2/token' };

const answerJson = (response: ServerResponse, status: number, value: unknown): void => {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
};

const pathnameOf = (path: string): string => path.split('?', 1)[0] ?? '';

const kindOf = (path: string): FakeRequest['kind'] => {
  const pathname = pathnameOf(path);
  if (Object.values(discoveryPaths).includes(pathname)) return 'discovery';
  return Object.values(tokenPaths).includes(pathname) ? 'token' : 'api';
};

const parse = (json: string): Record<string, unknown> => {
  try {
    return { ...Object(JSON.parse(json)) };
  } catch {
    return {};
  }
};

/** Unsigned: nobody looks at the signature. */
const idTokenFor = (tenantId: string): string =>
  [{ alg: 'none' }, { tenantId }, 'none']
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');

const isPassword = (credentials: FakeCredentials, { headers, body }: FakeRequest): boolean => {
  const client = Buffer.from(`${credentials.clientId}:${credentials.clientSecret}`).toString('base64');
  const form = new URLSearchParams(body);
  return (
    headers.authorization === `Basic ${client}` &&
    form.get('grant_type') === 'password' &&
    form.get('username') === credentials.accessKeyId &&
    form.get('password') === credentials.accessKeySecret
  );
};

const isClientCredentials = (credentials: FakeCredentials, { body }: FakeRequest): boolean => {
  const { grant_type, client_id, client_secret } = parse(body);
  const isClient = client_id === credentials.clientId && client_secret === credentials.clientSecret;
  return grant_type === 'client_credentials' && isClient;
};

export const createFakeCxone = (options: FakeCxoneOptions): FakeCxone => {
  const { accounts, tokenLifeSeconds = 3_600, tokenPrefix = 'fake-token-' } = options;
  const tokens = new Set<string>();
  let given = 0;

  const discover = ({ path }: FakeRequest, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(path, options.origin());
    const endpoint = options.origin();
    if (pathname === discoveryPaths.openid) {
      answerJson(response, 200, { issuer: endpoint, token_endpoint: endpoint + tokenPaths.form });
    } else if (accounts.some(({ tenantId }) => tenantId === searchParams.get('tenantId'))) {
      answerJson(response, 200, { api_endpoint: endpoint });
    } else answerJson(response, 404, { error: 'unknown tenant' });
  };

  const giveToken = (request: FakeRequest, response: ServerResponse): void => {
    const isForm = pathnameOf(request.path) === tokenPaths.form;
    const isGranted = isForm ? isPassword : isClientCredentials;
    const account = accounts.find(({ credentials }) => isGranted(credentials, request));
    if (!account || request.method !== 'POST') return void answerJson(response, 401, { error: 'invalid_client' });
    given += 1;
    const access_token = `${tokenPrefix}${given}`;
    tokens.add(access_token);
    const [oldest = ''] = tokens;
    if (tokens.size > fakeCxoneLimits.tokensMax) tokens.delete(oldest);
    const idToken = isForm ? { id_token: idTokenFor(account.tenantId) } : {};
    answerJson(response, 200, { access_token, token_type: 'Bearer', expires_in: tokenLifeSeconds, ...idToken });
  };

  const answerCall = ({ method, path, headers, body }: FakeRequest, response: ServerResponse): void => {
    const [, token = ''] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? [];
    if (!tokens.has(token)) return void answerJson(response, 401, { error: 'invalid_token' });
    answerJson(response, 200, { method, path, ...(body === '' ? {} : { body: parse(body) }) });
  };

  const answer = (request: FakeRequest, response: ServerResponse): void => {
    if (options.intercept?.(request, response)) return;
    if (request.kind === 'discovery') discover(request, response);
    else if (request.kind === 'token') giveToken(request, response);
    else answerCall(request, response);
  };

  return {
    listener: (incoming, response) => {
      const { method = '', url: path = '', headers } = incoming;
      readAtMost(incoming, fakeCxoneLimits.bodyBytesMax).then(
        (bytes) => {
          if (bytes) answer({ kind: kindOf(path), method, path, headers, body: bytes.toString('utf8') }, response);
          else response.destroy();
        },
        () => response.destroy(),
      );
    },
    revokeTokens: () => tokens.clear(),
  };
};
