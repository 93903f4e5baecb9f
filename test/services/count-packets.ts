/**
 * What a Database sends on connections that it lends, packet by packet: each is one wait for PostgreSQL.
 */
import type { Database } from '../../pkg/postgres/database.ts';

const nameOf = (text: string): string => text.match(/^(?:BEGIN|COMMIT|ROLLBACK)/)?.[0] ?? 'statement';
const isBound = (text: string): boolean => text.includes("set_config('statement_timeout'");

export interface CountedPackets {
  readonly database: Database;
  /** So far, with `+` between what one packet had, its time bounds left out. */
  readonly packets: string[];
  /** How many statements each had, with them. */
  readonly sizes: number[];
}

export const countPackets = (database: Database): CountedPackets => {
  const packets: string[] = [];
  const sizes: number[] = [];
  const count = (texts: readonly string[]): void => {
    packets.push(
      texts
        .filter((text) => !isBound(text))
        .map(nameOf)
        .join('+'),
    );
    sizes.push(texts.length);
  };
  const lend: Database['lend'] = (work, ...bounds) =>
    database.lend(
      (ask, together) =>
        work(
          (statement, values) => {
            count([statement.text]);
            return ask(statement, values);
          },
          (sent) => {
            count(sent.map(({ statement }) => statement.text));
            return together(sent);
          },
        ),
      ...bounds,
    );
  return { database: { ...database, lend }, packets, sizes };
};
