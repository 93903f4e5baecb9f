/**
 * A tenant's configuration does not turn the pod into a proxy: hosts inside are refused, whatever names them, and no
 * connection is made. The fake listens where every one of these would lead, if it could.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decode } from '../../pkg/tenant/codec.ts';
import { cxoneSpec } from '../../pkg/tenant/cxone-spec.ts';
import { cxoneTenant } from '../services/cxone-tenant.ts';
import { prepareDatabase } from '../services/database.ts';
import { startFakeCxone } from '../services/fake-cxone.ts';
import { startHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';

const fake = await startFakeCxone();
const database = await prepareDatabase(await startPostgres());
const { port } = fake;

/** No URL of a DataActionConfig: a host is a name or four numbers there. */
const unwritable: readonly string[] = [
  `https://127.1:${port}`,
  `https://2130706433:${port}`,
  `https://0177.0.0.1:${port}`,
  `https://[::1]:${port}`,
  `https://[::ffff:127.0.0.1]:${port}`,
  `https://[::ffff:7f00:1]:${port}`,
  `https://[64:ff9b::7f00:1]:${port}`,
  'https://[fd00:ec2::254]',
];
const inside: readonly string[] = [
  `https://127.0.0.1:${port}`,
  `https://0.0.0.0:${port}`,
  `https://localhost:${port}`,
  'https://169.254.169.254',
  'https://10.96.0.1',
  'https://172.16.0.1',
  'https://192.168.1.1',
  'https://100.100.100.200',
  'https://168.63.129.16',
];
const places = {
  issuer: (url: string) => ({ issuer: url }),
  tokenUrl: (url: string) => ({ tokenUrl: url, apiBase: url }),
  grant: (url: string) => ({ grant: 'ClientCredentials', tokenUrl: url, apiBase: url }),
};

const tenants = Object.entries(places).flatMap(([place, settings]) =>
  inside.map((url, n) => cxoneTenant(fake, `${place}-${n}`, { cxone: settings(url), audit: 'DatabaseReads' })),
);
const handler = await startHandler({ DATABASE_URL: database.url, CXONE_CA_FILE: fake.caFile }, tenants);
await handler.ready();

test('other ways to write an address are refused when the configuration arrives', () => {
  for (const [place, settings] of Object.entries(places)) {
    for (const url of unwritable) {
      const spec = { secretRef: { name: 'acme-cxone' }, ...settings(url) };
      assert.not(decode(cxoneSpec, spec).ok, `${place} ${url}`);
      assert.ok(decode(cxoneSpec, { ...spec, ...settings('https://cxone.example') }).ok, place);
    }
  }
});

for (const place of Object.keys(places)) {
  test(`${place}: every way to write an address inside is refused, without a connection`, async () => {
    for (const [n, url] of inside.entries()) {
      const answer = await handler.ask(`${place}-${n}`, { contact_id: '1' }, { action: 'get_contact' });
      assert.is(answer.status, 502, url);
      assertProblem(answer, 502, 'cxone_failed');
    }
    assert.is(fake.connections(), 0);
  });
}

test('the log says why, and the breaker has no part in it', async () => {
  assert.match(handler.output(), 'cxone token: address_refused');
  assert.is(await metric(handler, 'breaker_state', { dependency: 'cxone' }), 0);
  assert.is(await metric(handler, 'downstream_requests_total'), undefined);
  assert.is(await metric(handler, 'token_refresh_total', { result: 'refused' }), tenants.length);
});

test('the setting for tests lets them through: it is the guard that refused', async () => {
  const open = await startHandler(
    { DATABASE_URL: database.url, CXONE_CA_FILE: fake.caFile, CXONE_ALLOW_PRIVATE_ADDRESSES: 'true' },
    [
      cxoneTenant(fake),
      cxoneTenant(fake, 'named', { cxone: { issuer: `https://localhost:${port}`, apiBase: fake.origin } }),
    ],
  );
  await open.ready();
  assert.is((await open.ask('acme', { contact_id: '1' }, { action: 'get_contact' })).status, 200);
  await open.stop();
});

test('without its authority, its certificate is not trusted', async () => {
  const strict = await startHandler({ DATABASE_URL: database.url, CXONE_ALLOW_PRIVATE_ADDRESSES: 'true' }, [
    cxoneTenant(fake),
  ]);
  await strict.ready();
  const before = fake.requests().length;
  const answer = await strict.ask('acme', { contact_id: '1' }, { action: 'get_contact' });
  assertProblem(answer, 503, 'cxone_unavailable', true);
  assert.is(fake.requests().length, before);
  await strict.stop();
});

test.after(async () => {
  await handler.stop();
  await fake.close();
});
test.run();
