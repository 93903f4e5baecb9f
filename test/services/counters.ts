/**
 * A table of counters and actions that change them: what tests of transactions and repeats count with. A counter never
 * goes below zero, and its commit can be made to wait.
 */
import type { TestDatabase } from './database.ts';

const schema = `
CREATE TABLE counters (
  tenant_id text NOT NULL,
  name      text NOT NULL,
  n         int  NOT NULL CHECK (n >= 0),
  PRIMARY KEY (tenant_id, name)
);
CREATE TABLE steps (tenant_id text NOT NULL, name text NOT NULL, note text UNIQUE);
GRANT SELECT, INSERT, UPDATE, DELETE ON counters, steps TO dataactions_service;`;

export const createCounters = async (database: TestDatabase): Promise<void> => void (await database.sql(schema));

/** Sets `names` of the tenant to `n`. */
export const setCounters = async (
  database: TestDatabase,
  tenantId: string,
  { names, n = 0 }: { readonly names: readonly string[]; readonly n?: number },
): Promise<void> => {
  await database.sql(
    `INSERT INTO counters SELECT $1, name, $2 FROM unnest($3::text[]) AS name
     ON CONFLICT (tenant_id, name) DO UPDATE SET n = excluded.n`,
    [tenantId, n, names],
  );
};

export const counter = async (database: TestDatabase, tenantId: string, name: string): Promise<number> => {
  const [row] = await database.sql('SELECT n FROM counters WHERE tenant_id = $1 AND name = $2', [tenantId, name]);
  return Number(row?.n);
};

const name = { name: 'name', type: 'String' };
const where = 'WHERE tenant_id = $1 AND name = $2';

/** `{name}`: adds one. Output `counters`. */
export const increment = (options: { readonly isolation?: string; readonly action?: string } = {}) => ({
  name: options.action ?? 'increment',
  input: [name],
  transaction: {
    isolation: options.isolation ?? 'ReadCommitted',
    statements: [
      {
        text: `UPDATE counters SET n = n + 1 ${where} RETURNING name, n`,
        parameters: ['tenant_id', 'name'],
        expectRows: 'AtLeastOne',
        output: 'counters',
      },
    ],
  },
});

/** `balances`, a lookup of `{name: […]}`, and an `increment` that invalidates it. */
export const cachedCounterActions = () => {
  const balances = {
    name: 'balances',
    input: [{ ...name, list: true }],
    lookup: {
      statement: 'SELECT name, n FROM counters WHERE tenant_id = $1 AND name = ANY($2)',
      parameters: ['tenant_id', 'name'],
      keys: 'name',
      keyColumn: 'name',
      output: 'counters',
    },
  };
  const { transaction, ...rest } = increment();
  return [balances, { ...rest, transaction: { ...transaction, invalidates: ['balances'] } }];
};

/** From now on a change of a counter waits in its COMMIT for as long as the statement gate is closed. */
export const gateCommits = async (database: TestDatabase): Promise<void> =>
  void (await database.sql(`CREATE CONSTRAINT TRIGGER gated AFTER UPDATE ON counters DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wait_gate_trigger()`));

/** `{from, to, amount, note}`: takes from one, gives to the other, then notes it. Each can fail. */
export const move = {
  name: 'move',
  input: [
    { name: 'from', type: 'String' },
    { name: 'to', type: 'String' },
    { name: 'amount', type: 'Integer' },
    { name: 'note', type: 'String', optional: true },
  ],
  transaction: {
    statements: [
      {
        text: `UPDATE counters SET n = n - $3 ${where} RETURNING name, n`,
        parameters: ['tenant_id', 'from', 'amount'],
        expectRows: 'AtLeastOne',
        output: 'taken',
      },
      {
        text: `UPDATE counters SET n = n + $3 ${where} RETURNING name, n`,
        parameters: ['tenant_id', 'to', 'amount'],
        expectRows: 'AtLeastOne',
        output: 'given',
      },
      {
        text: 'INSERT INTO steps (tenant_id, name, note) VALUES ($1, $2, $3)',
        parameters: ['tenant_id', 'from', 'note'],
      },
    ],
  },
};

/** The example of the contract. */
export const setCustomerStatus = {
  name: 'set_customer_status',
  input: [
    { name: 'customer_ids', type: 'UUID', list: true },
    { name: 'status', type: 'String', enum: ['active', 'inactive', 'blocked'] },
  ],
  transaction: {
    statements: [
      {
        text: 'UPDATE customers SET status = $3, updated_at = now() WHERE tenant_id = $1 AND id = ANY($2) RETURNING id, status',
        parameters: ['tenant_id', 'customer_ids', 'status'],
        expectRows: 'PerKey',
        output: 'customers',
      },
    ],
    invalidates: ['process_customer_batch'],
  },
};

export const lookUpCustomers = {
  name: 'process_customer_batch',
  input: [{ name: 'customer_ids', type: 'UUID', list: true }],
  lookup: {
    statement: 'SELECT id, status FROM customers WHERE tenant_id = $1 AND id = ANY($2)',
    parameters: ['tenant_id', 'customer_ids'],
    keys: 'customer_ids',
    keyColumn: 'id',
    output: 'customers',
  },
};
