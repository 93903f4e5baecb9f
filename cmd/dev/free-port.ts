/**
 * A loopback port for a server that comes back on the same port after a kill: taken from below the range the kernel gives to
 * outgoing connections, so that none of those sits on it meanwhile.
 *
 * It is this process's as long as that lives, whether anything listens on it or not: with it goes the UDP port of the same number, which
 * the kernel gives to one process and takes back by itself.
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

const host = '127.0.0.1';
const range = { first: 18_000, end: 30_000, attempts: 100 } as const;

export const freePort = async (): Promise<number> => {
  for (let attempt = 0; attempt < range.attempts; attempt += 1) {
    const port = randomInt(range.first, range.end);
    if ((await isFree(port)) && (await keepUdpPort(port))) return port;
  }
  throw new Error(`no free port between ${range.first} and ${range.end}`);
};

const isFree = async (port: number): Promise<boolean> => {
  const server = createServer().listen(port, host);
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
};

/** @returns false when another call, here or in another process, has it */
const keepUdpPort = async (port: number): Promise<boolean> => {
  const socket = createSocket('udp4').unref();
  socket.bind({ port, address: host, exclusive: true });
  return once(socket, 'listening').then(
    () => true,
    () => {
      socket.close();
      return false;
    },
  );
};
