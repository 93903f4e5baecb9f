/**
 * An estimate of what a lookup can reach on this machine: the service's plan, one MGET and one statement for all that wait, by node:http, pg
 * and ioredis as they come, and nothing else. There is no validation, deadline, breaker, metric or log in it, no limit but at the door, and no transaction.
 *
 * Ids have to exist, in lower case, each listed once, as the bench asks for them; an error ends it. Memory is emptied where it is full.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { arrayLiteral } from '../../../pkg/postgres/array-literal.ts';
import { hmac, hmacKey } from '../../../pkg/webhook/hmac.ts';
import { announce, collectBody, type PeerRequest, type PeerTenant, peerOptions } from './contract.ts';

interface Row {
  readonly id: string;
  /** JSON. */
  readonly text: string;
}

interface Job {
  readonly request: PeerRequest;
  readonly response: ServerResponse;
  readonly requestId: string;
  /** What the audit row will say: the slowest part that was needed. */
  source: 'memory' | 'redis' | 'database';
  /** By id, filled on the way. */
  readonly texts: Map<string, string>;
}

const rowsInMemoryMax = 100_000;
const runsInFlightMax = 2;

const { databaseUrl, redisUrl, tenants } = peerOptions();
const redis = new Redis(redisUrl);

const connect = async (): Promise<Client> => {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  return client;
};
const connectAll = (): Promise<Client[]> => Promise.all(Array.from({ length: runsInFlightMax }, connect));

const insert = (first: number): string => {
  const arrays = Array.from({ length: 6 }, (_, index) => `$${first + index}::text[]`).join();
  return `INSERT INTO audit_log (tenant_id, customer_ids, action, request_id, source, outcome, context)
    SELECT t, k::text[], a, r, s, 'answered', c::jsonb FROM unnest(${arrays}) AS u(t, k, a, r, s, c)`;
};
const statements = {
  audit: insert(1),
  read: `WITH audit AS (${insert(3)}) SELECT r.id::text, row_to_json(r)::text AS text FROM (
    SELECT id, name, status, updated_at FROM customers WHERE tenant_id = $1::text AND id = ANY($2::uuid[])) AS r`,
} as const;

/** As the service makes them: pg's own array literals cost more. */
const auditValues = (jobs: readonly Job[]): readonly string[] => [
  arrayLiteral(jobs.map(({ request }) => request.input.tenant_id)),
  arrayLiteral(jobs.map(({ request }) => `{${request.input.customer_ids.join()}}`)),
  arrayLiteral(jobs.map(({ request }) => request.action)),
  arrayLiteral(jobs.map(({ requestId }) => requestId)),
  arrayLiteral(jobs.map(({ source }) => source)),
  arrayLiteral(jobs.map(({ request }) => JSON.stringify(request.context ?? {}))),
];

const query = (client: Client, name: keyof typeof statements, values: readonly string[]) =>
  client.query<Row>({ name, text: statements[name], values: [...values] });

/** What arrives in one turn of the event loop, or while as many runs are under way as may be, forms the next run. */
const batched = (atOnce: number, run: (jobs: readonly Job[]) => Promise<void>) => {
  let waiting: Job[] = [];
  let running = 0;
  let starting = false;
  const start = (): void => {
    starting = false;
    if (waiting.length === 0 || running === atOnce) return;
    const jobs = waiting;
    waiting = [];
    running += 1;
    void run(jobs).then(() => {
      running -= 1;
      start();
    });
  };
  return (job: Job): void => {
    waiting.push(job);
    if (starting) return;
    starting = true;
    setImmediate(start);
  };
};

const answer = ({ request, response, texts }: Job): void => {
  const rows = request.input.customer_ids.flatMap((id) => texts.get(id) ?? []);
  // The bench's rows are ASCII.
  const body = `{"output":{"customers":[${rows.join()}],"count":${rows.length}}}`;
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body, 'latin1');
};

const auditors = await connectAll();
const audit = batched(runsInFlightMax, async (jobs) => {
  const client = auditors.pop();
  if (!client) throw new Error('more runs than connections');
  await query(client, 'audit', auditValues(jobs));
  auditors.push(client);
  for (const job of jobs) answer(job);
});

const unread = (jobs: readonly Job[]): readonly string[] => [
  ...new Set(jobs.flatMap(({ request, texts }) => request.input.customer_ids.filter((id) => !texts.has(id)))),
];

const isWhole = ({ request, texts }: Job): boolean => texts.size === request.input.customer_ids.length;

/** To each job the rows that it asks for. */
const deal = (rows: readonly Row[], jobs: readonly Job[]): void => {
  const found = new Map(rows.map(({ id, text }) => [id, text]));
  for (const { request, texts } of jobs) {
    for (const id of request.input.customer_ids) {
      const text = found.get(id);
      if (text !== undefined) texts.set(id, text);
    }
  }
};

const createMemory = (ttlSeconds: number) => {
  const memory = new Map<string, { readonly text: string; readonly until: number }>();
  return {
    keep: (rows: readonly Row[]): void => {
      const until = Date.now() + ttlSeconds * 1_000;
      if (memory.size > rowsInMemoryMax) memory.clear();
      for (const { id, text } of rows) memory.set(id, { text, until });
    },
    read: ({ request, texts }: Job): void => {
      const now = Date.now();
      for (const id of request.input.customer_ids) {
        const row = memory.get(id);
        if (row !== undefined && row.until > now) texts.set(id, row.text);
      }
    },
  };
};

const createTenant = (tenantId: string, tenant: PeerTenant, readers: Client[]) => {
  const memory = createMemory(tenant.ttlSeconds);
  const redisKey = (id: string): string => `prototype:${tenantId}:${id}`;
  const answerCached = tenant.audit === 'EveryRequest' ? audit : answer;

  const readDatabase = batched(runsInFlightMax, async (jobs) => {
    const client = readers.pop();
    if (!client) throw new Error('more runs than connections');
    const { rows } = await query(client, 'read', [tenantId, `{${unread(jobs).join()}}`, ...auditValues(jobs)]);
    readers.push(client);
    memory.keep(rows);
    deal(rows, jobs);
    const writes = redis.pipeline();
    for (const { id, text } of rows) writes.set(redisKey(id), text, 'EX', tenant.ttlSeconds);
    void writes.exec();
    for (const job of jobs) answer(job);
  });

  const readRedis = batched(Number.POSITIVE_INFINITY, async (jobs) => {
    const ids = unread(jobs);
    const found = await redis.mget(ids.map(redisKey));
    const rows = ids.flatMap((id, place) => {
      const text = found[place];
      return typeof text === 'string' ? [{ id, text }] : [];
    });
    memory.keep(rows);
    deal(rows, jobs);
    for (const job of jobs) {
      job.source = isWhole(job) ? 'redis' : 'database';
      if (isWhole(job)) answerCached(job);
      else readDatabase(job);
    }
  });

  return {
    key: hmacKey(tenant.secret),
    lookUp: (job: Job): void => {
      memory.read(job);
      if (isWhole(job)) answerCached(job);
      else readRedis(job);
    },
  };
};

const served = new Map(
  await Promise.all(
    Object.entries(tenants).map(
      async ([tenantId, tenant]) => [tenantId, createTenant(tenantId, tenant, await connectAll())] as const,
    ),
  ),
);

const isProof = (key: string, body: Buffer, given: string): boolean => {
  const expected = hmac(key, '', body);
  return given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
};

/** Where the service begins to refuse, too. */
const inFlightMax = 500;
let inFlight = 0;
let asked = 0;
const server = createServer((request, response) => {
  if (request.method !== 'POST') return void response.writeHead(404).end();
  if (inFlight >= inFlightMax) {
    request.resume();
    return void response.writeHead(503, { 'Content-Length': '0' }).end();
  }
  inFlight += 1;
  response.once('close', () => {
    inFlight -= 1;
  });
  collectBody(request, (body) => {
    const parsed = JSON.parse(body.toString()) as PeerRequest;
    const tenant = served.get(parsed.input.tenant_id);
    const proof = String(request.headers['x-cxone-signature']);
    if (!tenant || !isProof(tenant.key, body, proof)) return void response.writeHead(401).end();
    asked += 1;
    tenant.lookUp({
      request: parsed,
      response,
      requestId: `${process.pid}-${asked}`,
      source: 'memory',
      texts: new Map(),
    });
  });
});
server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port));
