/**
 * `startRedis()`: a Redis server of the caller's own, ended with the test process. Keeps nothing on disk: it comes back empty.
 *
 * Tests that need it are defined with `testUnless(await whyNoRedis())`, so that a machine without Redis says what it left out.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { freePort } from '../../cmd/dev/free-port.ts';
import { type Choice, chooseWay } from './choice.ts';
import { startContainer } from './containers.ts';
import { ownDirectory } from './owned.ts';
import { createProgram } from './program.ts';
import type { Service } from './service.ts';

export type TestRedis = Service;

const image = process.env.TEST_REDIS_IMAGE ?? 'redis:7-alpine';
const program = 'redis-server';
const stopLimitMs = 10_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const onPath = (): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

const installCommand = (): string =>
  process.platform === 'darwin' ? 'brew install redis' : 'sudo apt-get install --yes redis-server';

export const chooseRedis = (): Promise<Choice> =>
  chooseWay(
    { name: program, image, here: { path: onPath }, install: `Install it with \`${installCommand()}\`.` },
    process.env.TEST_REDIS_FROM ?? process.env.TEST_SERVICES,
    say,
  );

/** Why tests cannot have a Redis here and how to get one, or undefined. */
export const whyNoRedis = async (): Promise<string | undefined> => {
  const choice = await chooseRedis();
  return 'missing' in choice ? choice.missing : undefined;
};

export const startRedis = (): Promise<TestRedis> => start(() => []);

/** The only node of a cluster: has no slots yet, and says that it is where the test reaches it. */
export const startRedisClusterNode = async (): Promise<TestRedis> => {
  const busPort = String(await freePort());
  return start((port) => [
    ...['--cluster-enabled', 'yes', '--cluster-port', busPort],
    ...['--cluster-announce-ip', '127.0.0.1', '--cluster-announce-port', String(port)],
  ]);
};

const start = async (more: (port: number) => readonly string[]): Promise<TestRedis> => {
  const choice = await chooseRedis();
  if ('missing' in choice) throw new Error(choice.missing);
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const command = ['--save', '', '--appendonly', 'no', '--protected-mode', 'no', ...more(port)];
  if (choice.way !== 'docker') return fromProgram(port, url, command);
  return startContainer({
    image,
    containerPort: 6379,
    port,
    url,
    command,
    environment: {},
    probe: () => ping(port),
  });
};

const fromProgram = async (port: number, url: string, command: readonly string[]): Promise<TestRedis> => {
  const server = createProgram({
    name: program,
    path: program,
    args: ['--port', String(port), '--bind', '127.0.0.1', ...command],
    folder: ownDirectory('redis'),
    probe: () => ping(port),
    stopLimitMs,
  });
  await server.start();
  return { ...server, host: '127.0.0.1', port, url };
};

const ping = async (port: number): Promise<void> => {
  const socket = connect(port, '127.0.0.1');
  // Docker's own proxy accepts for a container that does not answer yet, and closes.
  socket.once('end', () => socket.destroy(new Error('closed without an answer')));
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [answer] = await once(socket, 'data');
    if (!String(answer).startsWith('+PONG')) throw new Error(`Redis answered ${answer}`);
  } finally {
    socket.destroy();
  }
};
