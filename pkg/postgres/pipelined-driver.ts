/**
 * Slonik's connections, by pg in its pipeline mode: what a transaction has to say next goes to PostgreSQL in one packet, and not
 * each statement after the answer to the one before.
 *
 * Slonik lends a connection to one query at a time, so that several statements are one query to it: see statement-batch.ts. Rows are as
 * pg gives them.
 */
import { Client, type ClientConfig, type QueryResult } from 'pg';
import { createDriverFactory, type DriverClientEventEmitter, type DriverFactory, type DriverQueryResult } from 'slonik';
import { type BatchEntry, decodeBatch, type StatementOutcome } from './statement-batch.ts';

/** What is sent until the stream is uncorked is one packet. */
const inOnePacket = <T>({ stream }: Client['connection'], send: () => T): T => {
  stream.cork();
  try {
    return send();
  } finally {
    stream.uncork();
  }
};

/** Of what a driver may tell slonik, what nobody asks for here. */
const nothing: Omit<DriverQueryResult, 'rows'> = { command: 'SELECT', fields: [], rowCount: null };

const createPoolClient = (config: ClientConfig, events: DriverClientEventEmitter) => {
  const client = new Client({ ...config, pipeline: true });
  let unanswered = 0;
  let ended = false;
  // Once it is ended, nobody hears of it any more: an error that nobody hears would end the process.
  client.on('error', (error) => void (ended || events.emit('error', error)));

  const ask = ({ name, text, values }: BatchEntry): Promise<QueryResult> => {
    unanswered += 1;
    const { promise, resolve, reject } = Promise.withResolvers<QueryResult>();
    void client.query({ ...(name && { name }), text, values: [...values] }, (error: Error | null, result) => {
      unanswered -= 1;
      if (error) reject(error);
      else resolve(result);
    });
    return promise;
  };

  const outcomeOf = (entry: BatchEntry): Promise<StatementOutcome> =>
    ask(entry).then(
      ({ rows, rowCount }) => ({ rows, rowCount: rowCount ?? 0 }),
      (error: unknown) => ({ error }),
    );

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
      if (!batch) {
        const { rows, rowCount } = await ask({ name, text, values });
        return { ...nothing, rowCount, rows };
      }
      const outcomes = await Promise.all(inOnePacket(client.connection, () => batch.map(outcomeOf)));
      return { ...nothing, rows: [{ outcomes }] };
    },
    stream: () => {
      throw new Error('nothing is streamed');
    },
  };
};

/** @returns for slonik's pool, which is there as soon as the server has answered once */
export const createPipelinedDriver = (config: ClientConfig): DriverFactory =>
  createDriverFactory(async () => {
    const first = new Client(config);
    first.on('error', () => {});
    await first.connect().finally(() => first.end());
    return { createPoolClient: async ({ clientEventEmitter }) => createPoolClient(config, clientEventEmitter) };
  });
