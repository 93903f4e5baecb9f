/**
 * `cxone-actions schema` and `validate --database` where the database cannot be asked: one sentence says why, and nothing of the URL.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeCertificate } from '../services/certificate.ts';
import { startCommandLine } from '../services/command-line.ts';

const example = join(import.meta.dirname, '../../deploy/examples/quickstart.yaml');
const { key, cert } = makeCertificate();

/** PostgreSQL's ErrorResponse, with a text that nobody may be shown. */
const refusal = (sqlState: string): Buffer => {
  const fields = Buffer.from(`SFATAL\0C${sqlState}\0Mof very-secret\0\0`);
  const length = Buffer.alloc(4);
  length.writeInt32BE(fields.length + 4);
  return Buffer.concat([Buffer.from('E'), length, fields]);
};

/** @param answer  to the first packet: a request for TLS, or the begin of a session */
const listen = async (
  answer: (socket: Socket) => void,
): Promise<{ readonly server: Server; readonly port: number }> => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { server, port: Object(server.address()).port };
};

const refusing = (sqlState: string) => (socket: Socket) => void socket.end(refusal(sqlState));
const withCertificate = (socket: Socket): void => {
  socket.write('S');
  new TLSSocket(socket, { isServer: true, key, cert }).on('error', () => {});
};

const noAnswer = 'no PostgreSQL answers there, or, where the URL asks for TLS, none with it';
const cases: readonly (readonly [string, (socket: Socket) => void, string, string])[] = [
  ['a wrong password', refusing('28P01'), '', 'wrong password (SQLSTATE 28P01)'],
  ['no such database', refusing('3D000'), '', 'no such database (SQLSTATE 3D000)'],
  ['what has no words here', refusing('42704'), '', 'SQLSTATE 42704'],
  ['no TLS', (socket) => void socket.end('N'), '?sslmode=require', noAnswer],
  ['another protocol', (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), '', noAnswer],
  [
    'a certificate of nobody known',
    withCertificate,
    '?sslmode=require',
    'its certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)',
  ],
];

const run = async (url: string) => {
  const [schema, validate] = await Promise.all([
    startCommandLine(['schema', '--database', url]).ended,
    startCommandLine(['validate', '-f', example, '--database', url]).ended,
  ]);
  return { schema, validate };
};
const told = (why: string) => ({
  schema: { code: 1, stdout: '', stderr: `PostgreSQL: ${why}; nothing was changed\n` },
  validate: { code: 2, stdout: '', stderr: `cxone-actions: --database: ${why}\n` },
});

for (const [what, answer, query, why] of cases) {
  test(`${what} is told`, async () => {
    const { server, port } = await listen(answer);
    try {
      assert.equal(await run(`postgres://someone:very-secret@127.0.0.1:${port}/none${query}`), told(why));
    } finally {
      server.close();
    }
  });
}

test('nobody who listens is told', async () => {
  const url = 'postgres://someone:very-secret@127.0.0.1:1/none';
  assert.equal(await run(url), told('nothing listens there (ECONNREFUSED)'));
});

test('a name without an address is told', async () => {
  const { schema, validate } = await run('postgres://someone:very-secret@very-secret.invalid/none');
  for (const { stderr } of [schema, validate]) {
    assert.match(stderr, 'its host has no address');
    assert.not.match(stderr, 'very-secret');
  }
});

test('a URL that no connection comes of is wrong usage', async () => {
  for (const url of ['postgres://a:very-secret%zz@127.0.0.1/none', 'postgres://127.0.0.1/none?sslmode=prefer']) {
    const { schema, validate } = await run(url);
    assert.equal([schema.code, validate.code, schema.stderr], [2, 2, validate.stderr]);
    assert.match(schema.stderr, /^cxone-actions: --database: expected postgres:/);
  }
});

test.run();
