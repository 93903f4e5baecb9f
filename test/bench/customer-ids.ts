/**
 * The ids of the customers that benches ask for: like UUIDs of version 4 no two of them share anything that an index or a compression could use,
 * and the nth is the same to the database that is seeded and to the client that asks.
 */
import { createHash } from 'node:crypto';

const made: string[] = [];

/** @param n  from 1 */
export const customerIdOf = (n: number): string => {
  made[n] ??= createHash('md5')
    .update(String(n))
    .digest('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5');
  return made[n];
};

/** @param n  an expression of PostgreSQL's, an integer */
export const customerIdSql = (n: string): string =>
  `overlay(overlay(md5((${n})::text) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid`;
