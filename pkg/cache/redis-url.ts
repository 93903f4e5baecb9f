/**
 * REDIS_URL: `redis://` or `rediss://` (TLS), `[user:password@]host[:port][/database]`; several with commas are the nodes
 * of one cluster, which shares the first one's user, password and TLS.
 */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly tls: boolean;
}

const defaultPort = 6379;

/** @throws  TypeError for what is no URL: settings.ts refuses that before */
export const parseRedisUrls = (urls: string): readonly RedisNode[] => urls.split(',').map(parseNode);

const parseNode = (text: string): RedisNode => {
  const url = new URL(text.trim());
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port) || defaultPort,
    username: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
    database: Number(url.pathname.slice(1)) || 0,
    tls: url.protocol === 'rediss:',
  };
};
