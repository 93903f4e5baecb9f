/**
 * What a DATABASE_URL says of a connection, as pg takes it: the same for the pool, for the connection that listens and for the schema command.
 */
import type { ClientConfig } from 'pg';

type Tls = { readonly ca?: string; readonly rejectUnauthorized: boolean } | false;

/** sslmode: disable (default without a CA), no-verify, require and verify-full (both verify fully). */
const tlsOf = (url: URL, ca: string | undefined): Tls => {
  const mode = url.searchParams.get('sslmode') ?? (ca === undefined ? 'disable' : 'require');
  if (mode === 'disable') return false;
  return { rejectUnauthorized: mode !== 'no-verify', ...(ca === undefined ? {} : { ca }) };
};

/** @param settings  of its session, which hold against those that the URL brings; written as its `options` are */
export const clientOptions = (databaseUrl: string, ca: string | undefined, settings?: string): ClientConfig => {
  const url = new URL(databaseUrl);
  const options = [url.searchParams.get('options'), settings].filter(Boolean).join(' ');
  return {
    // An IPv6 address stands in brackets in a URL only.
    host: decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1') || 'localhost',
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    ssl: tlsOf(url, ca),
    application_name: url.searchParams.get('application_name') ?? undefined,
    options: options || undefined,
  };
};
