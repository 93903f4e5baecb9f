/**
 * `startFakeCxone()`: a CXone on loopback over TLS whose next answers are the test's to choose, and which remembers what it
 * was asked.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createFakeCxone, type FakeCredentials, type FakeRequest } from '../../cmd/cli/fake-cxone.ts';
import { type Certificate, makeCertificate } from './certificate.ts';
import { until } from './until.ts';

export interface FakeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** What happens to one request in place of the fake's own answer.
 * `answer`: as told; `pass`: the fake's own; `hold`: nothing until `release`, then the fake's own is lost to its caller;
 * `reset`: the connection breaks; `drip` and `dripError`: headers (200, 500) and the first bytes,
 * and then no more. */
export type Behaviour = FakeAnswer | 'pass' | 'hold' | 'reset' | 'drip' | 'dripError';

type Kind = FakeRequest['kind'];

export interface TestCxone {
  readonly origin: string;
  readonly port: number;
  /** PEM file of the authority that signed its certificate. */
  readonly caFile: string;
  readonly credentials: FakeCredentials;
  /** Its requests so far, in order. */
  requests(kind?: Kind): readonly FakeRequest[];
  /** Of the next requests of that kind, one after the other; then `otherwise`. */
  next(kind: Kind, ...behaviours: readonly Behaviour[]): void;
  /** Of all further requests of that kind. */
  otherwise(kind: Kind, behaviour: Behaviour): void;
  /** Resolves when so many are held. */
  holding(requests: number): Promise<void>;
  /** Answers all that are held: 200 and `{"held":true}`. */
  release(): void;
  /** Of those held, how many callers have gone. */
  abandoned(): number;
  revokeTokens(): void;
  /** Connections accepted so far. */
  connections(): number;
  close(): Promise<void>;
}

export interface TestCxoneOptions {
  readonly certificate?: Certificate;
  readonly credentials?: FakeCredentials;
  readonly tokenLifeSeconds?: number;
  readonly tokenPrefix?: string;
}

const drip = (status: number, response: ServerResponse): void => {
  response.writeHead(status, { 'Content-Type': 'application/json' }).write('{"a":');
};

/** As CXone's own: `=` at the end of a key. */
const fakeCredentials: FakeCredentials = {
  clientId: 'a-client@cxone',
  clientSecret: 'a client secret: with a colon',
  accessKeyId: 'AN+ACCESS/KEY====',
  accessKeySecret: 'ITS&SECRET=%20==',
};

export const fakeTenantId = '11ef6a32-c573-6d80-b014-0242ac110004';

export const startFakeCxone = async (options: TestCxoneOptions = {}): Promise<TestCxone> => {
  const { certificate = makeCertificate(), credentials = fakeCredentials, ...rest } = options;
  const seen: FakeRequest[] = [];
  const scripts = new Map<Kind, Behaviour[]>();
  const defaults = new Map<Kind, Behaviour>();
  const held = new Set<ServerResponse>();
  let abandoned = 0;
  let connections = 0;

  const hold = (response: ServerResponse): void => {
    held.add(response);
    response.once('close', () => {
      if (held.delete(response)) abandoned += 1;
    });
  };

  const behave = (behaviour: Exclude<Behaviour, 'pass'>, response: ServerResponse): void => {
    if (behaviour === 'hold') hold(response);
    else if (behaviour === 'reset') response.socket?.destroy();
    else if (behaviour === 'drip') drip(200, response);
    else if (behaviour === 'dripError') drip(500, response);
    else {
      const { status, headers = { 'Content-Type': 'application/json' }, body = '{}' } = behaviour;
      response.writeHead(status, headers).end(body);
    }
  };

  const fake = createFakeCxone({
    ...rest,
    accounts: [{ credentials, tenantId: fakeTenantId }],
    origin: () => origin,
    intercept: (request, response) => {
      seen.push(request);
      const behaviour = scripts.get(request.kind)?.shift() ?? defaults.get(request.kind) ?? 'pass';
      if (behaviour === 'pass') return false;
      behave(behaviour, response);
      return true;
    },
  });
  const server = createServer({ cert: certificate.cert, key: certificate.key }, fake.listener);
  server.on('connection', () => {
    connections += 1;
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port }: AddressInfo = Object(server.address());
  const origin = `https://127.0.0.1:${port}`;

  return {
    origin,
    port,
    caFile: certificate.caFile,
    credentials,
    requests: (kind) => seen.filter((request) => kind === undefined || request.kind === kind),
    next: (kind, ...behaviours) => void scripts.set(kind, [...behaviours]),
    otherwise: (kind, behaviour) => void defaults.set(kind, behaviour),
    holding: (requests) =>
      until(`${requests} held requests`, async () => {
        if (held.size < requests) throw new Error(`${held.size} are held`);
      }),
    release: () => {
      for (const response of [...held]) {
        held.delete(response);
        behave({ status: 200, body: '{"held":true}' }, response);
      }
    },
    abandoned: () => abandoned,
    revokeTokens: fake.revokeTokens,
    connections: () => connections,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
