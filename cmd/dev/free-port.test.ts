import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { freePort } from './free-port.ts';

const codeOf = ({ code }: { readonly code?: string }) => code;
const udpBinding = async (port: number): Promise<string | undefined> => {
  const socket = createSocket('udp4');
  socket.bind({ port, address: '127.0.0.1', exclusive: true });
  const outcome = await once(socket, 'listening').then(() => 'bound', codeOf);
  socket.close();
  return outcome;
};

test('a port is given once, may be listened on, and is kept while nobody does', async () => {
  const ports = await Promise.all(Array.from({ length: 200 }, freePort));
  assert.is(new Set(ports).size, ports.length);
  const [port = 0] = ports;
  for (let times = 0; times < 2; times += 1) {
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
  }
  assert.is(await udpBinding(port), 'EADDRINUSE');
});

test('ends with the process that has it, which it does not keep alive', async () => {
  const script = `import('${new URL('free-port.ts', import.meta.url)}').then(async ({ freePort }) => console.log(await freePort()))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script]);
  assert.is(await udpBinding(Number(stdout)), 'bound');
});

test.run();
