/** What is said to PostgreSQL and heard of it, without a server; on a real one it is in test/integration/statement-batch.test.ts. */
import type { Client, Connection } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
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
