import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** Answers every line with itself; counts what reached it. */
const startEcho = async () => {
  const sockets = new Set<Socket>();
  const got: string[] = [];
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      got.push(String(chunk));
      socket.write(chunk);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { host: '127.0.0.1', port, got, close, sockets };
};

let echo: Awaited<ReturnType<typeof startEcho>>;
let proxy: TcpProxy;
test.before.each(async () => {
  echo = await startEcho();
  proxy = await startTcpProxy(echo);
});
test.after.each(async () => {
  await proxy.close();
  echo.close();
});

const open = async (): Promise<Socket> => {
  const socket = connect(proxy.port, proxy.host);
  await once(socket, 'connect');
  return socket;
};

const say = async (socket: Socket, text: string): Promise<string> => {
  socket.write(text);
  const [answer] = await once(socket, 'data');
  return String(answer);
};

const failure = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no failure',
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );

test('forward passes bytes both ways, counts connections, and passes on an end', async () => {
  const socket = await open();
  assert.is(await say(socket, 'hello'), 'hello');
  assert.is(proxy.connections, 1);
  socket.end();
  await once(socket, 'close');
  assert.is(await say(await open(), 'again'), 'again');
  assert.is(proxy.accepted, 2);
});

test('forward carries more than fits into buffers, whole', async () => {
  const socket = await open();
  const bytes = Buffer.alloc(4 * 1024 * 1024, 'x');
  let received = 0;
  socket.write(bytes);
  for await (const chunk of socket) {
    received += chunk.length;
    if (received === bytes.length) break;
  }
  assert.is(received, bytes.length);
});

test('refuse: no new connection, established ones go on, and the same port comes back', async () => {
  const socket = await open();
  const { port } = proxy;
  await say(socket, 'first');
  await proxy.mode('refuse');
  assert.is(await failure(open()), 'ECONNREFUSED');
  assert.is(await say(socket, 'still'), 'still');
  await proxy.mode('forward');
  assert.is(proxy.port, port);
  assert.is(await say(await open(), 'back'), 'back');
});

test('hang: connections are accepted, bytes of new and old ones go nowhere', async () => {
  const old = await open();
  await say(old, 'first');
  await proxy.mode('hang');
  const fresh = await open();
  const answers: string[] = [];
  for (const socket of [old, fresh]) {
    socket.on('data', (chunk) => answers.push(String(chunk)));
    socket.write('lost');
  }
  const onServer = [...echo.sockets][0];
  onServer?.write('unasked');
  // A connection of another proxy goes the same way round the loop, so both had their turn when it is answered.
  const other = await startTcpProxy(echo);
  const witness = connect(other.port, other.host);
  for (const text of ['1', '2', '3']) await say(witness, text);
  await other.close();
  assert.equal(answers, []);
  assert.equal(echo.got, ['first', '1', '2', '3']);
  const resets = [old, fresh].map((socket) => failure(once(socket, 'end')));
  await proxy.mode('forward');
  assert.equal(await Promise.all(resets), ['ECONNRESET', 'ECONNRESET']);
  assert.is(await say(await open(), 'after'), 'after');
});

test('hang: a connection that lost nothing goes on afterwards', async () => {
  const socket = await open();
  await say(socket, 'first');
  await proxy.mode('hang');
  await proxy.mode('forward');
  assert.is(await say(socket, 'second'), 'second');
});

test('reset: established connections and new ones are reset', async () => {
  const socket = await open();
  await say(socket, 'first');
  const reset = once(socket, 'data');
  await proxy.mode('reset');
  assert.is(await failure(reset), 'ECONNRESET');
  assert.is(proxy.connections, 0);
  assert.match(await failure(open().then((fresh) => once(fresh, 'data'))), /ECONNRESET/);
  await proxy.mode('forward');
  assert.is(await say(await open(), 'back'), 'back');
});

test('resetMidAnswer: the first bytes of the next answer arrive, then the reset, once', async () => {
  const socket = await open();
  await say(socket, 'first');
  await proxy.mode('resetMidAnswer');
  assert.is(await say(socket, 'a long answer'), 'a l');
  assert.is(await failure(once(socket, 'data')), 'ECONNRESET');
  assert.is(await say(await open(), 'whole again'), 'whole again');
});

test('a delay holds bytes back each way', async () => {
  const socket = await open();
  proxy.delayMs(20);
  const began = performance.now();
  assert.is(await say(socket, 'slow'), 'slow');
  // Timers may fire a little early; both ways together never take less than this.
  assert.ok(performance.now() - began >= 38);
});

test('a server that is away ends the client connection', async () => {
  echo.close();
  const socket = connect(proxy.port, proxy.host);
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'close');
  assert.is(proxy.connections, 0);
});

test('hang: a server that goes away meanwhile is not noticed', async () => {
  const socket = await open();
  await say(socket, 'first');
  await proxy.mode('hang');
  echo.close();
  for (const other of echo.sockets) await once(other, 'close');
  assert.is(socket.destroyed || socket.readableEnded, false);
  assert.is(proxy.connections, 1);
});

test('close ends everything', async () => {
  const socket = await open();
  await say(socket, 'first');
  socket.resume();
  const closed = once(socket, 'close');
  await proxy.close();
  await closed;
  assert.is(await failure(open()), 'ECONNREFUSED');
});

test.run();
