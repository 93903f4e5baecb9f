/**
 * What a Database sends on connections that it lends, packet by packet: each is one wait for PostgreSQL.
 */
import type { Database } from '../../pkg/postgres/database.ts';

const nameOf = (text: string): string => text.match(/^(?:BEGIN|COMMIT|ROLLBACK)/)?.[0] ?? 'statement';

export interface CountedPackets {
  readonly database: Database;
  /** So far, with `+` between what one packet had. */
  readonly packets: string[];
}

export const countPackets = (database: Database): CountedPackets => {
  const packets: string[] = [];
  const lend: Database['lend'] = (work, ...bounds) =>
    database.lend(
      (ask, together) =>
        work(
          (statement, values) => {
            packets.push(nameOf(statement.text));
            return ask(statement, values);
          },
          (sent) => {
            packets.push(sent.map(({ statement }) => nameOf(statement.text)).join('+'));
            return together(sent);
          },
        ),
      ...bounds,
    );
  return { database: { ...database, lend }, packets };
};
