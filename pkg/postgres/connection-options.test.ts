import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { clientOptions, poolOptions } from './connection-options.ts';

const session = { lockTimeoutMs: 2_000 };
const base = 'postgres://user:p%40ss@db.example:6543/rows';

test('the pool gets the session settings beside options that the URL brings', () => {
  const settings = (url: string) => new URL(poolOptions(url, undefined, session).uri).searchParams.get('options');
  assert.is(settings(base), '-c TimeZone=UTC -c default_transaction_isolation=read\\ committed -c lock_timeout=2000');
  assert.is(
    settings(`${base}?options=-c%20search_path%3Dapp`),
    '-c search_path=app -c TimeZone=UTC -c default_transaction_isolation=read\\ committed -c lock_timeout=2000',
  );
});

test('the pool keeps the rest of the URL', () => {
  const url = new URL(poolOptions(`${base}?application_name=me&sslmode=require`, undefined, session).uri);
  assert.is(url.searchParams.get('application_name'), 'me');
  assert.is(url.searchParams.has('sslmode'), false);
  assert.is(url.password, 'p%40ss');
  assert.is(url.host, 'db.example:6543');
});

const modes: readonly (readonly [query: string, ca: string | undefined, ssl: object | undefined])[] = [
  ['', undefined, undefined],
  ['', 'PEM', { ca: 'PEM', rejectUnauthorized: true }],
  ['?sslmode=disable', 'PEM', undefined],
  ['?sslmode=no-verify', undefined, { rejectUnauthorized: false }],
  ['?sslmode=require', undefined, { rejectUnauthorized: true }],
  ['?sslmode=verify-full', 'PEM', { ca: 'PEM', rejectUnauthorized: true }],
  ['?sslmode=prefer', undefined, { rejectUnauthorized: true }],
];

for (const [query, ca, ssl] of modes) {
  test(`TLS of "${query}" ${ca ? 'with' : 'without'} a CA is the same for pool and client`, () => {
    assert.equal(poolOptions(base + query, ca, session).ssl, ssl);
    assert.equal(clientOptions(base + query, ca).ssl, ssl ?? false);
  });
}

test('the client gets the parts of the URL decoded', () => {
  const { host, port, user, password, database } = clientOptions('postgres://u%2B:p%40ss@db.example/a%20b', undefined);
  assert.equal(
    { host, port, user, password, database },
    {
      host: 'db.example',
      port: 5432,
      user: 'u+',
      password: 'p@ss',
      database: 'a b',
    },
  );
  assert.is(clientOptions('postgres://[::1]:6543/rows', undefined).host, '::1');
});

test.run();
