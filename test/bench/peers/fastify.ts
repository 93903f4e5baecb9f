/**
 * The service as a good engineer writes it in an afternoon: Fastify, pg and ioredis, one transaction for each request that reads,
 * rows in an LRU and in Redis, an audit row for each answer.
 *
 * Hand-tuned where that is usual: named prepared statements, schema compiled once, one MGET, one pipeline of writes.
 */
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { Pool, type PoolClient } from 'pg';
import { announce, isGenuine, type PeerRequest, type PeerTenant, peerOptions } from './contract.ts';

interface Customer {
  readonly id: string;
}

const { databaseUrl, redisUrl, tenants } = peerOptions();
const pool = new Pool({ connectionString: databaseUrl, max: 25, min: 5 });
const redis = new Redis(redisUrl, { enableAutoPipelining: true });
const memory = new LRUCache<string, Customer>({ max: 100_000 });

const statements = {
  audit:
    'INSERT INTO audit_log (tenant_id, customer_ids, action, request_id, source, outcome, context) VALUES ($1, $2, $3, $4, $5, $6, $7)',
  read: 'SELECT id, name, status, updated_at FROM customers WHERE tenant_id = $1 AND id = ANY($2::uuid[])',
  write:
    'UPDATE customers SET status = $3, updated_at = now() WHERE tenant_id = $1 AND id = ANY($2::uuid[]) RETURNING id, status',
} as const;

const prepared = (name: keyof typeof statements, values: readonly unknown[]) => ({
  name,
  text: statements[name],
  values: [...values],
});

const auditRow = ({ action, input, context }: PeerRequest, requestId: string, source: string) =>
  prepared('audit', [input.tenant_id, input.customer_ids, action, requestId, source, 'answered', context ?? {}]);

const inTransaction = async <T>(run: (client: PoolClient) => Promise<T>): Promise<T> => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await run(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
};

const lookUp = async (request: PeerRequest, tenant: PeerTenant, requestId: string) => {
  const { tenant_id, customer_ids } = request.input;
  const cacheKey = (id: string) => `peer:${tenant_id}:${id}`;
  const rows = new Map<string, Customer>();
  const take = (id: string, row: Customer) => {
    rows.set(id, row);
    memory.set(cacheKey(id), row, { ttl: tenant.ttlSeconds * 1_000 });
  };
  const unread = () => customer_ids.filter((id) => !rows.has(id));

  for (const id of customer_ids) {
    const row = memory.get(cacheKey(id));
    if (row) rows.set(id, row);
  }
  if (rows.size < customer_ids.length) {
    const wanted = unread();
    const found = await redis.mget(wanted.map(cacheKey));
    wanted.forEach((id, place) => {
      const text = found[place];
      if (text) take(id, JSON.parse(text) as Customer);
    });
  }
  const missing = unread();
  if (missing.length > 0) {
    const read = await inTransaction(async (client) => {
      const result = await client.query<Customer>(prepared('read', [tenant_id, missing]));
      await client.query(auditRow(request, requestId, 'database'));
      return result.rows;
    });
    const pipeline = redis.pipeline();
    for (const row of read) {
      take(row.id, row);
      pipeline.set(cacheKey(row.id), JSON.stringify(row), 'EX', tenant.ttlSeconds);
    }
    await pipeline.exec();
  } else if (tenant.audit === 'EveryRequest') {
    await pool.query(auditRow(request, requestId, 'memory'));
  }
  const customers = customer_ids.flatMap((id) => rows.get(id) ?? []);
  const absent = unread();
  return { customers, count: customers.length, ...(absent.length > 0 && { missing: absent }) };
};

const setStatus = (request: PeerRequest, requestId: string) =>
  inTransaction(async (client) => {
    const { tenant_id, customer_ids, status } = request.input;
    const { rows } = await client.query<Customer>(prepared('write', [tenant_id, customer_ids, status]));
    await client.query(auditRow(request, requestId, 'database'));
    return { customers: rows, count: rows.length };
  });

const uuid = '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$';
const schema = {
  type: 'object',
  required: ['action', 'input'],
  additionalProperties: false,
  properties: {
    action: { enum: ['process_customer_batch', 'set_customer_status'] },
    input: {
      type: 'object',
      required: ['tenant_id', 'customer_ids'],
      additionalProperties: false,
      properties: {
        tenant_id: { type: 'string' },
        customer_ids: { type: 'array', minItems: 1, maxItems: 100, items: { type: 'string', pattern: uuid } },
        status: { enum: ['active', 'inactive', 'blocked'] },
      },
    },
    context: { type: 'object', additionalProperties: { type: 'string' } },
  },
} as const;

const app = fastify({ bodyLimit: 65_536 });
const bodies = new WeakMap<object, Buffer>();
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
  try {
    const value: unknown = JSON.parse(body.toString());
    bodies.set(request, Buffer.from(body));
    done(null, value);
  } catch {
    done(Object.assign(new Error('not JSON'), { statusCode: 400 }));
  }
});
app.post<{ Body: PeerRequest }>('/data-action', { schema: { body: schema } }, async (request, reply) => {
  const tenant = tenants[request.body.input.tenant_id];
  const body = bodies.get(request);
  if (!tenant || !body || !isGenuine(tenant.secret, body, request.headers)) {
    return reply.code(401).send({ code: 'unauthenticated' });
  }
  const isWrite = request.body.action === 'set_customer_status';
  return { output: await (isWrite ? setStatus(request.body, request.id) : lookUp(request.body, tenant, request.id)) };
});
await app.listen({ host: '127.0.0.1', port: 0 });
announce((app.server.address() as AddressInfo).port);
