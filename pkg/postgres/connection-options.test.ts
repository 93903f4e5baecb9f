import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { clientOptions } from './connection-options.ts';

const base = 'postgres://user:p%40ss@db.example:6543/rows';

test('the settings of a session stand behind those that the URL brings', () => {
  const options = (url: string, settings?: string) => clientOptions(url, undefined, settings).options;
  assert.is(options(base), undefined);
  assert.is(options(base, '-c TimeZone=UTC'), '-c TimeZone=UTC');
  const withPath = `${base}?options=-c%20search_path%3Dapp`;
  assert.is(options(withPath), '-c search_path=app');
  assert.is(options(withPath, '-c TimeZone=UTC'), '-c search_path=app -c TimeZone=UTC');
});

test('the name that the URL gives the application is kept', () => {
  assert.is(clientOptions(`${base}?application_name=me`, undefined).application_name, 'me');
});

const modes: readonly (readonly [query: string, ca: string | undefined, ssl: object | false])[] = [
  ['', undefined, false],
  ['', 'PEM', { ca: 'PEM', rejectUnauthorized: true }],
  ['?sslmode=disable', 'PEM', false],
  ['?sslmode=no-verify', undefined, { rejectUnauthorized: false }],
  ['?sslmode=require', undefined, { rejectUnauthorized: true }],
  ['?sslmode=verify-full', 'PEM', { ca: 'PEM', rejectUnauthorized: true }],
  ['?sslmode=prefer', undefined, { rejectUnauthorized: true }],
];

for (const [query, ca, ssl] of modes) {
  test(`TLS of "${query}" ${ca ? 'with' : 'without'} a CA`, () => {
    assert.equal(clientOptions(base + query, ca).ssl, ssl);
  });
}

test('the parts of the URL are decoded', () => {
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
