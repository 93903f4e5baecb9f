import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { localUrl } from './local-url.ts';

for (const [host, url] of [
  ['0.0.0.0', 'http://127.0.0.1:8080'],
  ['::', 'http://127.0.0.1:8080'],
  ['::1', 'http://[::1]:8080'],
  ['192.0.2.1', 'http://192.0.2.1:8080'],
  ['localhost', 'http://localhost:8080'],
] as const) {
  test(`what listens on ${host} is at ${url}`, () => assert.is(localUrl(host, 8080), url));
}

test.run();
