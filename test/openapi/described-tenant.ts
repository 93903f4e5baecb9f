/**
 * A tenant with every type of input and every form of an answer from PostgreSQL, over statements that take whatever is valid.
 */
const lookupOf = (name: string, type: string, others: readonly Readonly<Record<string, unknown>>[]) => ({
  name,
  input: [{ name: 'keys', type, list: true }, ...others],
  lookup: {
    // Every parameter is used, none decides: whatever the decoder lets through has to be a value that PostgreSQL takes.
    statement: `SELECT k AS id, ${others.map((_, at) => `$${at + 3} AS "c${at}"`).join(', ') || '1 AS one'}
      FROM unnest($2) AS k WHERE $1 <> '' AND length(k::text) % 3 > 0`,
    parameters: ['tenant_id', 'keys', ...others.map((input) => input.name)],
    keys: 'keys',
    keyColumn: 'id',
    output: 'rows',
  },
});

/** The same rows, and a change that touches none. */
const transactionOf = (lookup: ReturnType<typeof lookupOf>, uuid: string) => ({
  name: 'every_change',
  input: lookup.input,
  transaction: {
    isolation: 'RepeatableRead',
    statements: [
      { text: lookup.lookup.statement, parameters: lookup.lookup.parameters, output: 'rows' },
      {
        text: "UPDATE customers SET status = 'active' WHERE tenant_id = $1 AND id = $2 AND status = 'nobody'",
        parameters: ['tenant_id', uuid],
      },
    ],
  },
});

const of = (name: string, type: string, more: object = {}) => ({ name, type, ...more });

const everyScalar = lookupOf('every_scalar', 'Integer', [
  of('uuid', 'UUID'),
  of('text', 'String', { minLength: 1, maxLength: 12 }),
  of('code', 'String', { pattern: '^[A-Z]{2}\\d{1,3}$' }),
  of('word', 'String', { enum: ['active', 'inactive'] }),
  of('integer', 'Integer', { optional: true }),
  of('number', 'Number', { optional: true }),
  of('flag', 'Boolean', { optional: true }),
  of('since', 'Timestamp', { optional: true }),
]);

export const describedSpec = {
  limits: { requestsPerSecond: 100_000, burst: 100_000, concurrency: 1_000, batchSize: 20 },
  actions: [
    {
      name: 'process_customer_batch',
      input: [{ name: 'customer_ids', type: 'UUID', list: true }],
      lookup: {
        statement: 'SELECT id, name, status, updated_at FROM customers WHERE tenant_id = $1 AND id = ANY($2)',
        parameters: ['tenant_id', 'customer_ids'],
        keys: 'customer_ids',
        keyColumn: 'id',
        output: 'customers',
      },
    },
    everyScalar,
    transactionOf(everyScalar, 'uuid'),
    lookupOf('every_list', 'String', [
      of('uuids', 'UUID', { list: true, optional: true }),
      of('texts', 'String', { list: true, optional: true }),
      of('integers', 'Integer', { list: true, optional: true }),
      of('numbers', 'Number', { list: true, optional: true }),
      of('flags', 'Boolean', { list: true, optional: true }),
      of('moments', 'Timestamp', { list: true, optional: true }),
    ]),
  ],
} as const;
