/**
 * A CXone for development and tests: discovery, both token endpoints, and an API that says what it was asked. Deterministic;
 * it keeps nothing but the tokens it gave out, which hold until they are revoked.
 *
 * It is a listener for whatever server stands in front of it. It proves nothing about what the real one answers.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

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

export interface FakeCxoneOptions {
  readonly credentials: FakeCredentials;
  /** As its id tokens name the tenant. */
  readonly tenantId: string;
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

export const createFakeCxone = (options: FakeCxoneOptions): FakeCxone => {
  const { credentials, tenantId, tokenLifeSeconds = 3_600, tokenPrefix = 'fake-token-' } = options;
  const tokens = new Set<string>();
  let given = 0;

  const discover = ({ path }: FakeRequest, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(path, options.origin());
    const endpoint = options.origin();
    if (pathname === discoveryPaths.openid) {
      answerJson(response, 200, { issuer: endpoint, token_endpoint: endpoint + tokenPaths.form });
    } else if (searchParams.get('tenantId') === tenantId) answerJson(response, 200, { api_endpoint: endpoint });
    else answerJson(response, 404, { error: 'unknown tenant' });
  };

  const isPassword = ({ headers, body }: FakeRequest): boolean => {
    const client = Buffer.from(`${credentials.clientId}:${credentials.clientSecret}`).toString('base64');
    const form = new URLSearchParams(body);
    return (
      headers.authorization === `Basic ${client}` &&
      form.get('grant_type') === 'password' &&
      form.get('username') === credentials.accessKeyId &&
      form.get('password') === credentials.accessKeySecret
    );
  };

  const isClientCredentials = ({ body }: FakeRequest): boolean => {
    const { grant_type, client_id, client_secret } = parse(body);
    const isClient = client_id === credentials.clientId && client_secret === credentials.clientSecret;
    return grant_type === 'client_credentials' && isClient;
  };

  const giveToken = (request: FakeRequest, response: ServerResponse): void => {
    const isForm = pathnameOf(request.path) === tokenPaths.form;
    const isGranted = request.method === 'POST' && (isForm ? isPassword(request) : isClientCredentials(request));
    if (!isGranted) return void answerJson(response, 401, { error: 'invalid_client' });
    given += 1;
    const access_token = `${tokenPrefix}${given}`;
    tokens.add(access_token);
    const idToken = isForm ? { id_token: idTokenFor(tenantId) } : {};
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
      buffer(incoming).then(
        (bytes) => answer({ kind: kindOf(path), method, path, headers, body: bytes.toString('utf8') }, response),
        () => response.destroy(),
      );
    },
    revokeTokens: () => tokens.clear(),
  };
};
