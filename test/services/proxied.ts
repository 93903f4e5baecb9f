/**
 * Real servers behind proxies of their own, for tests that break the network between a handler and what it depends on.
 */
import { freePort } from '../../cmd/dev/free-port.ts';
import { prepareDatabase, type TestDatabase } from './database.ts';
import { startPostgres } from './postgres.ts';
import { startRedis, whyNoRedis } from './redis.ts';
import type { Service } from './service.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export interface ProxiedPostgres {
  /** Its `url` goes through the proxy, its `sql` does not. */
  readonly database: TestDatabase;
  readonly server: Service;
  readonly proxy: TcpProxy;
}

export const startProxiedPostgres = async (): Promise<ProxiedPostgres> => {
  const server = await startPostgres();
  const proxy = await startTcpProxy(server);
  return { server, proxy, database: await prepareDatabase(server, proxy.port) };
};

export interface ProxiedRedis {
  /** Through the proxy. */
  readonly url: string;
  readonly server: Service;
  readonly proxy: TcpProxy;
}

/** Where there is no Redis, one that refuses: tests are then defined with `testUnless(await whyNoRedis())`. */
export const startProxiedRedis = async (): Promise<ProxiedRedis> => {
  const reason = await whyNoRedis();
  const server = reason === undefined ? await startRedis() : await absent(reason);
  const proxy = await startTcpProxy(server);
  return { server, proxy, url: `redis://${proxy.host}:${proxy.port}` };
};

const absent = async (reason: string): Promise<Service> => {
  const refuse = () => Promise.reject(new Error(reason));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  return { host: '127.0.0.1', port, url, start: refuse, stop: refuse, kill: refuse, pause: refuse, resume: refuse };
};
