/** What is said to PostgreSQL and heard of it, without a server; on a real one it is in test/integration/statement-batch.test.ts. */
import type { Client, Connection } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { databaseLimits } from '../process/limits.ts';
import { BatchQuery, type BatchSession, type Row } from './batch-query.ts';
import type { BatchEntry, BatchOutcome } from './statement-batch.ts';

/** A type that cannot be read. */
const broken = 1;
const client = {
  getTypeParser: (oid: number) => (text: string) => {
    if (oid === broken) throw new RangeError('not to be read');
    return text;
  },
} as unknown as Client;

const setUp = (entries: readonly BatchEntry[], prepared: BatchSession['prepared'] = new Map()) => {
  const session: BatchSession = { client, prepared, current: undefined };
  const said: string[] = [];
  const note = (what: string) => () => void said.push(what);
  const connection = {
    stream: { cork: note('cork'), uncork: note('uncork') },
    parse: ({ name, text }: { name: string; text: string }) => void said.push(`parse ${name} ${text}`),
    close: ({ type, name }: { type: string; name: string }) => void said.push(`close ${type} ${name}`),
    bind: ({ statement }: { statement: string }) => void said.push(`bind ${statement}`),
    ...{ describe: note('describe'), execute: note('execute'), sync: note('sync') },
  } as unknown as Connection;
  const outcomes: BatchOutcome<Row>[] = [];
  const query = new BatchQuery(session, entries, (outcome) => void outcomes.push(outcome));
  query.submit(connection);
  return { session, said, outcomes, query };
};

const field = (name: string, dataTypeID = 25) => ({
  ...{ name, dataTypeID, tableID: 0, columnID: 0, dataTypeSize: 0, dataTypeModifier: 0, format: 'text' },
});
const named: BatchEntry = { name: 'a', text: 'A', values: [] };
const unnamed = (text: string): BatchEntry => ({ name: '', text, values: [] });

test('all of it is one packet with one Sync', () => {
  const { said } = setUp([named, unnamed('B')]);
  assert.equal(said, [
    ...['cork', 'parse a A', 'bind a', 'describe', 'execute'],
    ...['parse  B', 'bind ', 'describe', 'execute', 'sync', 'uncork'],
  ]);
});

test('what is prepared is neither parsed nor described again; what has no name always is', () => {
  const { session, query } = setUp([named, unnamed('B')]);
  for (const _ of ['a', 'B']) {
    query.handleParseComplete();
    query.handleRowDescription({ fields: [field('x')] });
    query.handleCommandComplete({ text: 'SELECT 0' });
  }
  query.handleReadyForQuery();
  assert.equal([...session.prepared.keys()], ['a']);
  const { said } = setUp([named, unnamed('B'), unnamed('C')], session.prepared);
  assert.equal(said, [
    ...['cork', 'bind a', 'execute', 'parse  B', 'bind ', 'describe', 'execute'],
    ...['parse  C', 'bind ', 'describe', 'execute', 'sync', 'uncork'],
  ]);
});

const columns = { list: [], emptyRow: {} };
const preparedMany = (count: number): BatchSession['prepared'] =>
  new Map(Array.from({ length: count }, (_, place) => [`n${place}`, columns]));
const used = (name: string): BatchEntry => ({ name, text: name, values: [] });

test('as many as may be prepared stay so; whoever was used last is not the next to go', () => {
  const { session, said, query } = setUp([used('n0')], preparedMany(databaseLimits.preparedMax));
  assert.equal(said, ['cork', 'bind n0', 'execute', 'sync', 'uncork']);
  query.handleCommandComplete({ text: 'SELECT 0' });
  assert.is([...session.prepared.keys()].at(-1), 'n0');
});

test('what is too many is closed ahead of all else, and prepared again where it is needed, twice in a packet too', () => {
  const { session, said, query } = setUp(
    [used('n1'), used('n1'), used('n2')],
    preparedMany(databaseLimits.preparedMax + 2),
  );
  assert.equal(said, [
    ...['cork', 'close S n0', 'close S n1', 'parse n1 n1', 'bind n1', 'describe', 'execute'],
    ...['bind n1', 'describe', 'execute', 'bind n2', 'execute', 'sync', 'uncork'],
  ]);
  query.handleError(new Error('refused'));
  assert.is(session.prepared.size, databaseLimits.preparedMax);
  assert.not(session.prepared.has('n0') || session.prepared.has('n1'));
});

test('a value that cannot be read is told at the end, and the rows of none are missing unseen', () => {
  const { query, outcomes } = setUp([named]);
  query.handleParseComplete();
  query.handleRowDescription({ fields: [field('x', broken)] });
  query.handleDataRow({ fields: [null] });
  query.handleDataRow({ fields: ['1'] });
  query.handleCommandComplete({ text: 'SELECT 2' });
  assert.is(outcomes.length, 0);
  query.handleReadyForQuery();
  const [outcome] = outcomes;
  assert.instance(outcome?.failure?.error, RangeError);
  assert.equal(outcome?.results, [{ rows: [{ x: null }], rowCount: 2 }]);
});

test('once it has ended the connection keeps nothing of it', () => {
  const { session, query } = setUp([named]);
  assert.is(session.current, query);
  query.handleError(new Error('refused'));
  assert.is(session.current, undefined);
});

test.run();
