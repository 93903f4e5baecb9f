/**
 * `helm upgrade` and `helm rollback` while callers go on. Nobody of them notices, neither when the new version is good nor when it cannot start.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testUnless } from '../services/test-unless.ts';
import { startBusy } from './busy.ts';
import { whyNoCluster } from './cluster-script.ts';
import { imageRepository } from './images.ts';
import { apply, helm, release, settled } from './release.ts';

const onCluster = testUnless(whyNoCluster());

const images = async (): Promise<readonly string[]> => (await settled(2)).map(({ image }) => image);

onCluster('helm upgrade under load loses no request', async () => {
  const before = (await settled(2)).map(({ name }) => name);
  await using busy = await startBusy();
  await apply('upgrade', { tag: 'test-2' });
  const after = await settled(2);
  await busy.lostNothing();
  assert.equal(
    after.map(({ image }) => image),
    [1, 2].map(() => `${imageRepository}:test-2`),
  );
  assert.not(after.some(({ name }) => before.includes(name)));
});

onCluster(
  'an upgrade that cannot start is told by --wait and harms nobody, helm rollback under load loses no request',
  async () => {
    await using busy = await startBusy();
    const failed = await apply('upgrade', { tag: 'nowhere', timeout: '5s' }).catch(String);
    assert.match(failed, /UPGRADE FAILED/);
    await busy.goOn();
    await helm(['rollback', release, '1', '--wait', '--timeout', '170s']);
    const after = await images();
    await busy.lostNothing();
    assert.equal(
      after,
      [1, 2].map(() => `${imageRepository}:test-1`),
    );
  },
);

test.run();
