/**
 * `cxone-actions simulate` as a process against a server that misbehaves: repeats, keys, cuts, breaker, the end by Ctrl-C.
 */
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startCommandLine, startThroughNpm } from '../services/command-line.ts';
import { untilTrue } from '../services/loopback.ts';
import { ownDirectory } from '../services/owned.ts';

const secret = 'a-secret-for-tests-of-simulate';
const folder = ownDirectory('simulate');
const write = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

interface Seen {
  readonly action: string;
  readonly key: string | undefined;
  readonly signed: boolean;
}
let seen: Seen[] = [];

const timesAsked = (key: string | undefined): number => seen.filter((each) => each.key === key).length;

/** By the action's name. */
const misbehave: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse, key?: string) => void>> =
  {
    fine: (_, response) => void response.end('{"output":{}}'),
    flaky: (_, response, key) => {
      if (timesAsked(key) > 2) response.end('{"output":{}}');
      else response.writeHead(503, { 'Retry-After': '60' }).end('{"code":"overloaded"}');
    },
    hang: () => {},
    oversize: (_, response) => void response.end(JSON.stringify({ output: 'x'.repeat(32_768) })),
    html: (_, response) => void response.end('<html></html>'),
    reset: (request) => void request.socket.resetAndDestroy(),
    down: (_, response) => void response.writeHead(503).end('{"code":"stopping"}'),
  };

const server = createServer((request, response) => {
  void text(request).then((body) => {
    const action = String(JSON.parse(body).action);
    const header = request.headers['idempotency-key'];
    const key = typeof header === 'string' ? header : undefined;
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    seen.push({ action, key, signed: request.headers['x-cxone-signature'] === signature });
    misbehave[action]?.(request, response, key);
  });
});
let url = '';

test.before(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});
test.before.each(() => {
  seen = [];
});
test.after(() => {
  server.closeAllConnections();
  server.close();
});

const args = (...more: readonly string[]) => [
  ...['simulate', '--url', url, '--tenant', 'acme', '--secret-file', write('webhook.key', secret)],
  ...more,
];
const simulate = async (...more: readonly string[]) => {
  const { code, stdout } = await startCommandLine(args('--json', ...more)).ended;
  return { code, figures: JSON.parse(stdout) };
};
const one = (action: string) => ['--action', action, '--input', '{}', '--concurrency', '1'];

test('every kind of failure is told by its word, and repeated as the platform would', async () => {
  const actions = ['flaky', 'hang', 'oversize', 'html', 'reset', 'fine'];
  const steps = actions.map((action) => ({
    action,
    idempotencyKey: true,
    ...(action === 'hang' ? { timeoutMs: 100 } : {}),
  }));
  const scenario = { order: 'sequence', steps, phases: [{ concurrency: 1, count: 12 }] };
  const file = write('scenario.json', JSON.stringify(scenario));
  const { code, figures } = await simulate('-s', file, '--breaker-failed-percent', '0');
  assert.is(code, 1);
  assert.equal(figures.calls, { wanted: 12, asExpected: 4, wrong: 8, givenUp: 0 });
  const { cut, not_json, timeout, network, unexpected } = figures.troubles;
  assert.equal(
    { cut, not_json, timeout, network, unexpected },
    { cut: 2, not_json: 2, timeout: 2, network: 2, unexpected: 0 },
  );
  assert.equal(figures.answers, [
    { status: 200, count: 8 },
    { status: 503, code: 'overloaded', count: 4 },
  ]);
  assert.is(figures.cut, 2);
  assert.is(figures.unanswered.timeout, 6);
  assert.equal(figures.unanswered.network, { ECONNRESET: 6 });
  assert.equal(figures.requests, { sent: 24, repeats: 12 });
  assert.is(seen.length, 24);
  assert.ok(seen.every(({ signed }) => signed));
});

test('an idempotency key stays over the repeats of its call, and is another one for the next call', async () => {
  const { code, figures } = await simulate(...one('flaky'), '--count', '3', '--idempotency-key');
  assert.equal([code, figures.requests], [0, { sent: 9, repeats: 6 }]);
  const keys = seen.map(({ key }) => key);
  assert.equal(
    keys.map((key) => keys.indexOf(key)),
    [0, 0, 0, 3, 3, 3, 6, 6, 6],
  );
});

test('what counts as a failure, and how often it is tried again, are options', async () => {
  assert.equal((await simulate(...one('down'), '--count', '1', '--repeats', '1')).figures.requests, {
    sent: 2,
    repeats: 1,
  });
  const timeoutsOnly = await simulate(...one('down'), '--count', '1', '--repeat-on', 'timeout,network');
  assert.equal(timeoutsOnly.figures.requests, { sent: 1, repeats: 0 });
});

test('the breaker opens when too many fail; calls meanwhile are not made', async () => {
  const breaker = ['--breaker-rate-min', '0', '--breaker-window-ms', '600000', '--breaker-open-ms', '600000'];
  const { code, figures } = await simulate(...one('down'), '--count', '5', ...breaker);
  assert.is(code, 1);
  assert.equal(figures.breaker, { opened: 1, refused: 4 });
  assert.equal([figures.troubles.unexpected, figures.troubles.breaker_open, seen.length], [1, 4, 1]);
});

test('below its least rate the breaker stays closed, as the platform has it', async () => {
  const { figures } = await simulate(...one('down'), '--count', '5');
  assert.equal([figures.breaker, figures.requests.sent], [{ opened: 0, refused: 0 }, 15]);
});

const endless = {
  order: 'sequence',
  steps: [{ action: 'fine' }, { action: 'hang' }],
  phases: [{ concurrency: 1, durationSeconds: 3_600 }],
};
const startEndless = () => startThroughNpm(args('-s', write('endless.json', JSON.stringify(endless))));
type Running = ReturnType<typeof startEndless>;

const endings: Readonly<Record<string, (running: Running) => void>> = {
  // Which npm passes on to the process that has heard it already.
  'Ctrl-C': (running) => running.ctrlC(),
  'SIGTERM to npm': (running) => running.signal('SIGTERM'),
};

for (const [what, end] of Object.entries(endings)) {
  test(`${what} ends the run with the figures so far; what is under way is given up`, async () => {
    const running = startEndless();
    await untilTrue('the second call', () => seen.some(({ action }) => action === 'hang'));
    end(running);
    const { code, stdout } = await running.ended;
    assert.match(stdout, /^ {4}as expected +1$/m);
    assert.match(stdout, /^ {4}given up at the end +1$/m);
    assert.match(stdout, /^OK$/m);
    assert.is(code, 0);
  });
}

test('a wrong scenario sends nothing: every problem by path, exit code 2', async () => {
  const file = write('wrong.yaml', 'steps: [{action: a-secret, weight: 0}]\nphases: [{rate: 1}]\nmore: 1\n');
  const { code, stdout, stderr } = await startCommandLine(args('-s', file)).ended;
  assert.equal([code, stdout, seen.length], [2, '', 0]);
  for (const path of ['steps[0].weight', 'phases[0]', 'more']) assert.match(stderr, `\n  ${path}: `);
  assert.not.match(stderr, 'a-secret');
});

test.run();
