/**
 * A loopback port for a server that comes back on the same port after a kill: taken from below the range the kernel gives to
 * outgoing connections, so that none of those sits on it meanwhile.
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

const range = { first: 18_000, end: 30_000, attempts: 100 } as const;

export const freePort = async (): Promise<number> => {
  for (let attempt = 0; attempt < range.attempts; attempt += 1) {
    const port = randomInt(range.first, range.end);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${range.first} and ${range.end}`);
};

const isFree = async (port: number): Promise<boolean> => {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
};
