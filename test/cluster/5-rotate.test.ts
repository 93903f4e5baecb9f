/**
 * A webhook key is replaced while callers sign: the old one is good until it is taken away, the new one as soon as it is there, on every pod.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testUnless } from '../services/test-unless.ts';
import { startBusy } from './busy.ts';
import { createCaller, firstKey, straightTo } from './caller.ts';
import { whyNoCluster } from './cluster-script.ts';
import { eventually, kubectl } from './kubectl.ts';
import { namespace, settled } from './release.ts';

const onCluster = testUnless(whyNoCluster());

const nextKey = 'the-second-webhook-key-of-acme';

const setKeys = async (keys: Readonly<Record<'current' | 'previous', string | undefined>>): Promise<void> => {
  const encoded = Object.entries(keys).map(([name, key]) => [name, key && Buffer.from(key).toString('base64')]);
  const data = Object.fromEntries(encoded.map(([name, value]) => [name, value ?? null]));
  const patch = JSON.stringify({ data });
  await kubectl(['patch', 'secret', 'acme-webhook', '--namespace', namespace, '--type=merge', '--patch', patch]);
};

/** Resolves when every pod by itself answers each key like this. */
const everywhere = async (statuses: Readonly<Record<string, number>>): Promise<void> => {
  for (const { ip, name } of await settled(2)) {
    const caller = createCaller(straightTo(ip));
    await eventually(`${name} with the keys`, async () => {
      for (const [key, status] of Object.entries(statuses)) assert.is((await caller.ask(0, { key })).status, status);
    });
    await caller.close();
  }
};

onCluster('a key is rotated under load: both are good in between, and no request is refused', async () => {
  await everywhere({ [firstKey]: 200, [nextKey]: 401 });
  const busy = await startBusy();
  await setKeys({ current: nextKey, previous: firstKey });
  await everywhere({ [firstKey]: 200, [nextKey]: 200 });
  await busy.goOn();
  busy.useKey(nextKey);
  await busy.goOn();
  await setKeys({ current: nextKey, previous: undefined });
  await everywhere({ [firstKey]: 401, [nextKey]: 200 });
  await busy.lostNothing();

  // As it was, for whoever comes next.
  await setKeys({ current: firstKey, previous: undefined });
  await everywhere({ [firstKey]: 200, [nextKey]: 401 });
});

test.run();
