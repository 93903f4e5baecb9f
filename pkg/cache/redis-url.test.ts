import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseRedisUrls } from './redis-url.ts';

const plain = { host: 'h', port: 6379, username: undefined, password: undefined, database: 0, tls: false };

const cases: Readonly<Record<string, object>> = {
  'redis://h': plain,
  'redis://h:7000/3': { ...plain, port: 7000, database: 3 },
  'redis://:p%40ss%2F@h': { ...plain, password: 'p@ss/' },
  'rediss://u:p@h:6380': { ...plain, username: 'u', password: 'p', port: 6380, tls: true },
  'redis://[::1]:6379': { ...plain, host: '::1' },
};
for (const [url, node] of Object.entries(cases)) {
  test(`reads ${url}`, () => {
    assert.equal(parseRedisUrls(url), [node]);
  });
}

test('reads several nodes with commas', () => {
  assert.equal(
    parseRedisUrls('redis://a:1, redis://b:2').map(({ host, port }) => `${host}:${port}`),
    ['a:1', 'b:2'],
  );
});

test.run();
