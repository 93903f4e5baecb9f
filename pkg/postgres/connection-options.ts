/**
 * One DATABASE_URL, the two forms its users need: slonik's DSN with session settings in it, and pg's client options.
 */
import type { ClientConfig } from 'pg';

/** Session settings of every connection. Durations in milliseconds. */
export interface SessionSettings {
  readonly lockTimeoutMs: number;
}

type Tls = { readonly ca?: string; readonly rejectUnauthorized: boolean } | undefined;

/** sslmode: disable (default without a CA), no-verify, require and verify-full (both verify fully). */
const tlsOf = (url: URL, ca: string | undefined): Tls => {
  const mode = url.searchParams.get('sslmode') ?? (ca === undefined ? 'disable' : 'require');
  if (mode === 'disable') return undefined;
  return { rejectUnauthorized: mode !== 'no-verify', ...(ca === undefined ? {} : { ca }) };
};

/** @returns for slonik: the DSN, and `ssl` apart from it because slonik ignores certificates named in a DSN */
export const poolOptions = (databaseUrl: string, ca: string | undefined, session: SessionSettings) => {
  const url = new URL(databaseUrl);
  const ssl = tlsOf(url, ca);
  // UTC, so that timestamps in rows read the same wherever the server stands. The isolation is that of what is sent without a BEGIN that names it.
  const given = url.searchParams.get('options');
  const options = `-c TimeZone=UTC -c default_transaction_isolation=read\\ committed -c lock_timeout=${session.lockTimeoutMs}`;
  url.searchParams.set('options', given ? `${given} ${options}` : options);
  url.searchParams.delete('sslmode');
  return { uri: url.href, ssl };
};

/** @returns for pg's Client */
export const clientOptions = (databaseUrl: string, ca: string | undefined): ClientConfig => {
  const url = new URL(databaseUrl);
  const ssl = tlsOf(url, ca);
  return {
    // An IPv6 address stands in brackets in a URL only.
    host: decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1') || 'localhost',
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    ssl: ssl ?? false,
  };
};
