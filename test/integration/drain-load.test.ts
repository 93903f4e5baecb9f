/**
 * SIGTERM under load: nothing that was accepted is lost, whether its caller keeps connections or makes new ones.
 *
 * A connection can come between the server's last look for one and the closing of its door. The kernel resets it and no
 * server can help that; it was not accepted, so the server's own count tells it from one that was lost.
 */
import { subscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hmacKey } from '../../pkg/webhook/hmac.ts';
import { hmacBody } from '../../pkg/webhook/hmac-body.ts';
import { customerId, prepareDatabase } from '../services/database.ts';
import { type Answer, defaultAction, startHandler } from '../services/handler.ts';
import { startLoad } from '../services/load.ts';
import { ownDirectory } from '../services/owned.ts';
import { startPostgres } from '../services/postgres.ts';
import { openRaw, rawRequest } from '../services/raw-http.ts';
import { secretOf } from '../services/tenants.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const limits = { requestsPerSecond: 100_000, burst: 100_000 };

/** Callers that keep their connections, and those that make new ones. */
const [kept, anew] = [16, 4];

/** This process's connections to servers so far. */
let connected = 0;
subscribe('undici:client:connected', () => {
  connected += 1;
});

const body = JSON.stringify({ action: defaultAction, input: { tenant_id: 'acme', customer_ids: [customerId(1)] } });
const scheme = { header: 'X-CXone-Signature', encoding: 'Hex', toleranceSeconds: 300 } as const;
const signature = Object.entries(hmacBody.sign(scheme, hmacKey(secretOf('acme')), Buffer.from(body), 0));
const headers = [...signature, ['Content-Length', String(body.length)], ['Connection', 'close']];
const bytes = rawRequest(
  'POST /data-action HTTP/1.1',
  headers.map(([name, value]) => `${name}: ${value}`),
  body,
);

/** Everything sent at once on a connection of its own. @throws when no answer came */
const askAnew = async (port: number): Promise<Answer> => {
  const connection = await openRaw(port);
  connected += 1;
  connection.send(bytes);
  const [answer] = await connection.closed;
  if (!answer) throw new Error('closed without an answer');
  return answer;
};

/** No connection came about: nothing was sent. */
const wasNotSent = (error: unknown): boolean => error instanceof Error && Reflect.get(error, 'syscall') === 'connect';

/** Under load, from SIGTERM to the end. */
const drainUnderLoad = async (delayMs: string) => {
  const acceptedFile = join(ownDirectory('accepted'), 'count');
  const env = {
    DATABASE_URL: database.url,
    MEMORY_CACHE_BYTES: '0',
    DRAIN_DELAY_MS: delayMs,
    NODE_OPTIONS: `--import=${new URL('../services/accepted.ts', import.meta.url)}`,
    ACCEPTED_FILE: acceptedFile,
  };
  connected = 0;
  const handler = await startHandler(env, [{ tenantId: 'acme', spec: { limits } }]);
  await handler.ready();
  const loads = [
    startLoad(kept, (n) => handler.ask('acme', { customer_ids: [customerId(1 + (n % 2_000))] })),
    startLoad(anew, () => askAnew(handler.port)),
  ];
  await until('load', async () => assert.ok(loads.every((load) => load.count(200) > 50)));
  handler.signal('SIGTERM');
  const code = await handler.exited();
  const results = await Promise.all(loads.map((load) => load.stop()));
  await handler.stop();
  return {
    code,
    answers: results.flatMap(({ answered }) => answered.map(({ answer }) => answer)),
    failures: results.flatMap((result) => result.failures.filter((error) => !wasNotSent(error))),
    notAccepted: connected - Number(readFileSync(acceptedFile, 'utf8')),
  };
};

for (const delayMs of ['300', '0']) {
  test(`loses no accepted request, with ${delayMs} ms between "not ready" and the closed door`, async () => {
    const { code, answers, failures, notAccepted } = await drainUnderLoad(delayMs);
    assert.is(code, 0);
    assert.ok(notAccepted <= kept + anew, 'no caller meets the closing door twice');
    assert.ok(failures.length <= notAccepted, `${notAccepted} were not accepted, and failed:\n${failures.join('\n')}`);
    const refused = answers.filter(({ status }) => status !== 200);
    for (const { status, json } of refused) assert.is(`${status} ${json.code}`, '503 stopping');
  });
}

test.run();
