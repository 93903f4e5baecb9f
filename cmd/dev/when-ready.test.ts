import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import { until } from '../../test/services/until.ts';
import { freePort } from './free-port.ts';
import { whenReady } from './when-ready.ts';

test('asks again while nobody listens and while the answer is no, and ends with the first yes', async () => {
  const port = await freePort();
  const clock = createManualClock();
  let ready = false;
  const wait = whenReady(`http://127.0.0.1:${port}`, clock).then(() => {
    ready = true;
  });
  const looks = { no: 0 };
  await until('a look in vain', async () => assert.is(clock.pending(), 1));
  let status = 503;
  const server = createServer((request, response) => {
    assert.is(request.url, '/readyz');
    if (status === 503) looks.no += 1;
    response.writeHead(status).end();
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  await until('a no', async () => clock.advance(50).then(() => assert.ok(looks.no > 1)));
  assert.not(ready);
  status = 200;
  await until('a yes', async () => clock.advance(50).then(() => assert.ok(ready)));
  await wait;
  server.closeAllConnections();
  server.close();
});

test.run();
