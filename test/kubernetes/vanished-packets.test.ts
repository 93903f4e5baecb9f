// time limit: 180 s
/**
 * The way to the API server is gone and nobody says so: no end, no reset, nothing comes any more. The connection itself finds out, by TCP's
 * probes: the clock, on which a watch would be silent for too long one day, stands still.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openFaulty, secretsPath } from '../services/faulty-cluster.ts';
import { createPacketLoss, whyNoPacketLoss } from '../services/packet-loss.ts';
import { testUnless } from '../services/test-unless.ts';

const testWithLoss = testUnless(whyNoPacketLoss());

testWithLoss(
  'a watch whose packets vanish is given up, and what it missed is known after their way is back',
  async () => {
    const { server, followed, truth, close } = await openFaulty();
    await followed.until('the watch', () => server.openWatches === 1);
    const loss = createPacketLoss(server.port);
    loss.begin();
    try {
      server.store.put(secretsPath, 'new', { data: {} });
      server.store.remove(secretsPath, 'a');
      await followed.until('the failure', () => followed.told.includes('failed unreachable'));
      assert.ok(followed.told.includes('connected false'));
      assert.is.not(followed.versions().get('new'), server.store.resourceVersion);
    } finally {
      loss.end();
    }
    await followed.untilEqual(truth);
    assert.ok(followed.told.includes('change here/new'));
    assert.not(followed.told.includes('relist gone'), 'the position was still good');
    await close();
  },
);

test.run();
