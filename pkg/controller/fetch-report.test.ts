import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../../test/services/until.ts';
import { parsed } from '../errors/problem.ts';
import { controllerLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createReportClient } from './fetch-report.ts';

const report = JSON.stringify({ schema: 1, revision: '1'.repeat(16), appliedAt: '2026-01-01T00:00:00Z', tenants: [] });

const withServer = async (
  listener: (request: IncomingMessage, response: ServerResponse) => void,
  work: (it: {
    client: ReturnType<typeof createReportClient>;
    clock: ReturnType<typeof createManualClock>;
  }) => Promise<void>,
): Promise<void> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const clock = createManualClock();
  const client = createReportClient(`http://127.0.0.1:${port}`, clock);
  try {
    await work({ client, clock });
    assert.is(clock.pending(), 0);
  } finally {
    await client.close();
    server.closeAllConnections();
    server.close();
  }
};
const never = new AbortController().signal;

test('a report is asked for by its version: nothing is new, or only what changed after it', () => {
  const asked: string[] = [];
  const news = { ...JSON.parse(report), since: 'v1', removed: ['gone'] };
  return withServer(
    (request, response) => {
      asked.push(`${request.url} ${request.headers['if-none-match']}`);
      if (asked.length === 2) response.writeHead(304).end();
      else if (asked.length === 3) response.writeHead(200, { ETag: '"v2"' }).end(JSON.stringify(news));
      else response.writeHead(200, { ETag: '"v1"' }).end(report);
    },
    async ({ client }) => {
      assert.equal(await client.fetch(undefined, never), parsed({ version: 'v1', report: JSON.parse(report) }));
      assert.equal(await client.fetch('v1', never), parsed({ version: 'v1' }));
      assert.equal(await client.fetch('v1', never), parsed({ version: 'v2', report: news }));
      assert.equal(asked, ['/config undefined', '/config?since=v1 "v1"', '/config?since=v1 "v1"']);
    },
  );
});

test('what changed after another version than the one asked for is of no use', () =>
  withServer(
    (_request, response) => void response.end(JSON.stringify({ ...JSON.parse(report), since: 'v0', removed: [] })),
    async ({ client }) => {
      assert.not((await client.fetch('v1', never)).ok);
      assert.not((await client.fetch(undefined, never)).ok);
    },
  ));

const bad: readonly (readonly [string, (response: ServerResponse) => void])[] = [
  ['another status', (response) => void response.writeHead(503).end(report)],
  ['no JSON', (response) => void response.end('<html>')],
  ['another shape', (response) => void response.end('{"schema":2}')],
  ['too long an answer', (response) => void response.end(' '.repeat(controllerLimits.reportBytesMax + 1))],
  ['a broken connection', (response) => void response.destroy()],
  ['a 304 nobody asked for', (response) => void response.writeHead(304).end()],
];
for (const [title, answer] of bad) {
  test(`${title} is no report, and nothing is thrown`, () =>
    withServer(
      (_request, response) => answer(response),
      async ({ client }) => assert.not((await client.fetch(undefined, never)).ok),
    ));
}

test('a handler that does not answer is waited for so long', () => {
  let asked = false;
  return withServer(
    () => {
      asked = true;
    },
    async ({ client, clock }) => {
      const fetched = client.fetch(undefined, never);
      await until('the request', async () => assert.ok(asked));
      await clock.advance(controllerLimits.reportTimeoutMs);
      assert.not((await fetched).ok);
    },
  );
});

test('whoever stops does not wait', () =>
  withServer(
    () => {},
    async ({ client }) => {
      const stopping = new AbortController();
      const fetched = client.fetch(undefined, stopping.signal);
      stopping.abort();
      assert.not((await fetched).ok);
    },
  ));

test('it is ready by its own word, in time', () => {
  const statuses = [200, 503];
  return withServer(
    (request, response) => {
      const status = statuses.shift();
      if (status !== undefined) response.writeHead(status).end(request.url);
    },
    async ({ client, clock }) => {
      assert.equal([await client.ready(never), await client.ready(never)], [true, false]);
      const late = client.ready(never);
      await clock.advance(controllerLimits.reportTimeoutMs);
      assert.is(await late, false);
    },
  );
});

test.run();
