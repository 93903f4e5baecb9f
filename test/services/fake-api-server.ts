/**
 * An API server that fails on demand: HTTPS over a real store with resourceVersions, pages, watches and bookmarks. What it does
 * when nothing is asked of it passes the same contract as the real one.
 *
 * It has no timers: bookmarks, ends and failures come when the test says so.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createCertificateAuthority } from './certificates.ts';
import { answerCall, answerList, type Reply, selects } from './fake-api-answers.ts';
import { createFakeStore, type FakeEvent, type FakeObject, type FakeStore } from './fake-api-store.ts';
import { ownDirectory } from './owned.ts';

export type RequestKind = 'list' | 'watch' | 'call';

/** What becomes of a request instead of an answer. `silence`: accepted, never answered. `garbage`: 200 and half a document. */
export type Fault = { readonly status: number; readonly retryAfter?: string } | 'silence' | 'reset' | 'garbage';

export interface SeenRequest {
  readonly kind: RequestKind;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
}

export interface FakeApiServer {
  readonly host: string;
  readonly port: string;
  /** As the kubelet fills it: `token`, `ca.crt`, `namespace`. */
  readonly directory: string;
  readonly store: FakeStore;
  readonly requests: readonly SeenRequest[];
  /** Connections accepted so far. */
  readonly connections: number;
  readonly openWatches: number;
  /** The most watches of one collection that were ever open at once. */
  readonly watchesAtOnce: number;
  /** The next `times` (1) requests of this kind meet the fault, after `skip` (0) that do not. */
  fail(kind: RequestKind, fault: Fault, when?: { readonly times?: number; readonly skip?: number }): void;
  /** No request meets a fault any more. */
  heal(): void;
  /** What happens inside is told to no watch. */
  secretly(change: () => void): void;
  /** What happens inside is told to the watches as `order` has it. */
  reordered(change: () => void, order: (events: readonly FakeEvent[]) => readonly FakeEvent[]): void;
  /** Writes these bytes to every open watch. */
  write(bytes: string): void;
  errorEvent(code: number): void;
  bookmark(): void;
  /** Ends every watch as its time-out does. */
  endWatches(): void;
  /** Resets every connection. */
  reset(): void;
  /** From now on only this token is let in. */
  acceptOnly(token: string): void;
  writeToken(token: string): void;
  /** From now on the server shows a certificate of a new authority. @returns its PEM */
  changeAuthority(): string;
  writeAuthority(pem: string): void;
  /** Safe twice. */
  close(): Promise<void>;
}

interface OpenWatch {
  readonly collection: string;
  readonly selects: (object: FakeObject) => boolean;
  readonly response: ServerResponse;
}

const firstToken = 'first-token';

const createKeys = () => {
  const authority = createCertificateAuthority(ownDirectory('fake-api-keys'));
  return { authority: authority.certificate, serving: authority.forServer() };
};

/** Made once for all servers of a test file: openssl takes longer than most tests. */
let firstKeys: ReturnType<typeof createKeys> | undefined;

export const startFakeApiServer = async (namespace = 'here'): Promise<FakeApiServer> => {
  const directory = ownDirectory('fake-api');
  firstKeys ??= createKeys();
  const { authority, serving } = firstKeys;
  const watches = new Set<OpenWatch>();
  const sockets = new Set<Socket>();
  const requests: SeenRequest[] = [];
  const faults: { readonly kind: RequestKind; readonly fault: Fault; times: number; skip: number }[] = [];
  let deliver: (event: FakeEvent) => void = (event) => tell(event);
  const store = createFakeStore((event) => deliver(event));
  let accepted = firstToken;
  let connections = 0;
  let watchesAtOnce = 0;

  const lineOf = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;
  const tellOne = (watch: OpenWatch, { collection, type, object }: FakeEvent): void => {
    if (watch.collection === collection && watch.selects(object)) watch.response.write(lineOf(type, object));
  };
  const tell = (event: FakeEvent): void => {
    for (const watch of watches) tellOne(watch, event);
  };
  const write = (bytes: string): void => {
    for (const { response } of watches) response.write(bytes);
  };

  const openWatch = (collection: string, query: URLSearchParams, response: ServerResponse): void => {
    const missed = store.eventsAfter(collection, query.get('resourceVersion') ?? '0');
    if (!missed) {
      send(response, status(410));
      return;
    }
    const watch = { collection, selects: selects(query), response };
    watches.add(watch);
    watchesAtOnce = Math.max(watchesAtOnce, [...watches].filter((other) => other.collection === collection).length);
    response.on('close', () => watches.delete(watch));
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    for (const event of missed) tellOne(watch, event);
  };

  const faultFor = (kind: RequestKind): Fault | undefined => {
    const found = faults.find((each) => each.kind === kind && each.times > 0);
    if (!found) return undefined;
    if (found.skip > 0) {
      found.skip -= 1;
      return undefined;
    }
    found.times -= 1;
    return found.fault;
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'https://fake');
    const method = request.method ?? 'GET';
    const body = await text(request);
    const kind = kindOf(method, path, query);
    const contentType = request.headers['content-type'] ?? '';
    requests.push({ kind, method, path, query, contentType });
    if (request.headers.authorization !== `Bearer ${accepted}`) return send(response, status(401));
    const fault = faultFor(kind);
    if (fault !== undefined) return meet(fault, response);
    if (kind === 'watch') return openWatch(path, query, response);
    send(response, kind === 'list' ? answerList(store, path, query) : answerCall(store, { method, path, body }));
  };

  const server = createServer({ cert: serving.certificate, key: serving.key }, (request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.on('secureConnection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();

  const file = (name: string, content: string) => writeFileSync(join(directory, name), content);
  file('token', firstToken);
  file('namespace', namespace);
  file('ca.crt', authority);

  const reset = (): void => {
    for (const socket of sockets) socket.destroy();
  };

  return {
    host: '127.0.0.1',
    port: String((server.address() as AddressInfo).port),
    directory,
    store,
    requests,
    get connections() {
      return connections;
    },
    get openWatches() {
      return watches.size;
    },
    get watchesAtOnce() {
      return watchesAtOnce;
    },
    fail: (kind, fault, { times = 1, skip = 0 } = {}) => void faults.push({ kind, fault, times, skip }),
    heal: () => void faults.splice(0),
    secretly: (change) => {
      deliver = () => {};
      change();
      deliver = tell;
    },
    reordered: (change, order) => {
      const events: FakeEvent[] = [];
      deliver = (event) => void events.push(event);
      change();
      deliver = tell;
      for (const event of order(events)) tell(event);
    },
    write,
    errorEvent: (code) => write(lineOf('ERROR', JSON.parse(status(code).body))),
    bookmark: () => write(lineOf('BOOKMARK', { metadata: { resourceVersion: store.resourceVersion } })),
    endWatches: () => {
      for (const watch of watches) {
        watches.delete(watch);
        watch.response.end();
      }
    },
    reset,
    acceptOnly: (token) => {
      accepted = token;
    },
    writeToken: (token) => file('token', token),
    changeAuthority: () => {
      const { authority, serving } = createKeys();
      server.setSecureContext({ cert: serving.certificate, key: serving.key });
      return authority;
    },
    writeAuthority: (pem) => file('ca.crt', pem),
    close: async () => {
      if (!server.listening) return;
      server.close();
      reset();
      await once(server, 'close');
    },
  };
};

const kindOf = (method: string, path: string, query: URLSearchParams): RequestKind => {
  const isCollection = /\/namespaces\/[^/]+\/[^/]+$/.test(path);
  if (method !== 'GET' || !isCollection) return 'call';
  return query.get('watch') === 'true' ? 'watch' : 'list';
};

const status = (code: number): Reply => ({
  status: code,
  body: JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message: 'says s3cr3t' }),
});

const send = (response: ServerResponse, { status: code, body }: Reply, headers: Record<string, string> = {}): void => {
  response.writeHead(code, { 'Content-Type': 'application/json', ...headers }).end(body);
};

const meet = (fault: Fault, response: ServerResponse): void => {
  if (fault === 'silence') return;
  if (fault === 'reset') response.destroy();
  else if (fault === 'garbage') send(response, { status: 200, body: '{"items":[{"metadata"' });
  else send(response, status(fault.status), fault.retryAfter === undefined ? {} : { 'Retry-After': fault.retryAfter });
};
