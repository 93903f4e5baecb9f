/**
 * Slonik's connections, by pg with queries of our own: what there is to say next goes to PostgreSQL in one packet, and not each statement after
 * the answer to the one before (batch-query.ts).
 *
 * Slonik lends a connection to one query at a time, so that several statements are one query to it: see statement-batch.ts. Values of columns
 * are as pg gives them.
 */
import { Client, type ClientConfig } from 'pg';
import { createDriverFactory, type DriverClientEventEmitter, type DriverFactory, type DriverQueryResult } from 'slonik';
import { BatchQuery, type BatchSession, type Row } from './batch-query.ts';
import { type BatchEntry, type BatchOutcome, boundValues, decodeBatch } from './statement-batch.ts';

/** Of what a driver may tell slonik, what nobody asks for here. */
const nothing: Omit<DriverQueryResult, 'rows'> = { command: 'SELECT', fields: [], rowCount: null };

const createPoolClient = (config: ClientConfig, events: DriverClientEventEmitter) => {
  const client = new Client(config);
  const session: BatchSession = { client, prepared: new Map(), current: undefined };
  let unanswered = 0;
  let ended = false;
  // Once it is ended, nobody hears of it any more: an error that nobody hears would end the process.
  client.on('error', (error) => void (ended || events.emit('error', error)));
  // pg itself tells a query nothing of it.
  client.connection.on('parseComplete', () => session.current?.handleParseComplete());

  const ask = (entries: readonly BatchEntry[]): Promise<BatchOutcome<Row>> => {
    unanswered += 1;
    const { promise, resolve } = Promise.withResolvers<BatchOutcome<Row>>();
    const settle = (outcome: BatchOutcome<Row>): void => {
      unanswered -= 1;
      resolve(outcome);
    };
    client.query(new BatchQuery(session, entries, settle));
    return promise;
  };

  return {
    connect: async () => void (await client.connect()),
    // A statement that is never answered would keep a connection for ever that is ended in order.
    end: async () => {
      ended = true;
      if (unanswered > 0) client.connection.stream.destroy();
      else await client.end();
    },
    query: async (text: string, values: unknown[] = [], { name = '' }: { readonly name?: string } = {}) => {
      const batch = decodeBatch(text, values);
      const outcome = await ask(batch ?? [{ name, text, values: boundValues(values) }]);
      if (batch) return { ...nothing, rows: [{ outcome }] };
      if (outcome.failure) throw outcome.failure.error;
      const [result] = outcome.results;
      return { ...nothing, rowCount: result?.rowCount ?? 0, rows: [...(result?.rows ?? [])] };
    },
    stream: () => {
      throw new Error('nothing is streamed');
    },
  };
};

/** @returns for slonik's pool, which is there as soon as the server has answered once */
export const createBatchDriver = (config: ClientConfig): DriverFactory =>
  createDriverFactory(async () => {
    const first = new Client(config);
    first.on('error', () => {});
    await first.connect().finally(() => first.end());
    return { createPoolClient: async ({ clientEventEmitter }) => createPoolClient(config, clientEventEmitter) };
  });
