/**
 * A network between a variant and PostgreSQL: what goes to the server waits as long as a round trip is to take longer, what
 * comes back passes at once. A process of its own, as it waits by spinning: timers know whole milliseconds only.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ownProcess } from '../services/owned.ts';

export interface DelayProxy {
  readonly port: number;
  addMs(ms: number): void;
  close(): void;
}

interface Waiting {
  readonly dueAt: number;
  readonly chunk: Buffer;
  readonly to: Socket;
}

export const startDelayProxy = async (targetPort: number): Promise<DelayProxy> => {
  const child = fork(fileURLToPath(import.meta.url), [String(targetPort)]);
  ownProcess(() => child.pid);
  const [message] = (await once(child, 'message')) as [{ readonly port: number }];
  return { port: message.port, addMs: (ms) => void child.send({ ms }), close: () => void child.kill() };
};

const serve = (targetPort: number): void => {
  let addedMs = 0;
  const waiting: Waiting[] = [];

  const spin = () => {
    const now = performance.now();
    for (let first = waiting[0]; first && first.dueAt <= now; first = waiting[0]) {
      waiting.shift();
      if (first.to.writable) first.to.write(first.chunk);
    }
    if (waiting.length > 0) setImmediate(spin);
  };
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1');
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => [client, target].forEach((each) => void each.destroy()));
    }
    target.on('data', (chunk) => void client.write(chunk));
    client.on('data', (chunk) => {
      if (addedMs === 0) return void target.write(chunk);
      waiting.push({ dueAt: performance.now() + addedMs, chunk, to: target });
      if (waiting.length === 1) setImmediate(spin);
    });
  });
  process.on('message', (message: { readonly ms: number }) => {
    addedMs = message.ms;
  });
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
};

const [, script, target] = process.argv;
if (script === fileURLToPath(import.meta.url)) serve(Number(target));
