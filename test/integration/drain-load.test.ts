/**
 * SIGTERM under load: nothing that was accepted is lost, whether its caller keeps connections or makes new ones.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hmacKey } from '../../pkg/webhook/hmac.ts';
import { hmacBody } from '../../pkg/webhook/hmac-body.ts';
import { customerId, prepareDatabase } from '../services/database.ts';
import { type Answer, defaultAction, startHandler } from '../services/handler.ts';
import { startLoad } from '../services/load.ts';
import { startPostgres } from '../services/postgres.ts';
import { exchange, rawRequest } from '../services/raw-http.ts';
import { secretOf } from '../services/tenants.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const limits = { requestsPerSecond: 100_000, burst: 100_000 };

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
  const [answer] = await exchange(port, bytes);
  if (!answer) throw new Error('closed without an answer');
  return answer;
};

/** No connection came about: nothing was sent. */
const wasNotSent = (error: unknown): boolean => error instanceof Error && Reflect.get(error, 'syscall') === 'connect';

/** Under load, from SIGTERM to the end. */
const drainUnderLoad = async (env: Readonly<Record<string, string>>) => {
  const handler = await startHandler({ DATABASE_URL: database.url, MEMORY_CACHE_BYTES: '0', ...env }, [
    { tenantId: 'acme', spec: { limits } },
  ]);
  await handler.ready();
  const loads = [
    startLoad(16, (n) => handler.ask('acme', { customer_ids: [customerId(1 + (n % 2_000))] })),
    startLoad(4, () => askAnew(handler.port)),
  ];
  await until('load', async () => assert.ok(loads.every((load) => load.count(200) > 50)));
  handler.signal('SIGTERM');
  const code = await handler.exited();
  const results = await Promise.all(loads.map((load) => load.stop()));
  await handler.stop();
  return { code, results };
};

for (const delayMs of ['300', '0']) {
  test(`loses no accepted request, with ${delayMs} ms between "not ready" and the closed door`, async () => {
    const { code, results } = await drainUnderLoad({ DRAIN_DELAY_MS: delayMs });
    assert.is(code, 0);
    for (const { answered, failures } of results) {
      assert.equal(
        failures.filter((error) => !wasNotSent(error)),
        [],
      );
      const refused = answered.filter(({ answer }) => answer.status !== 200);
      for (const { answer } of refused) assert.is(`${answer.status} ${answer.json.code}`, '503 stopping');
    }
  });
}

test.run();
