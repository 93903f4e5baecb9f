import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ownDirectory } from '../../test/services/owned.ts';
import { bundleTenants } from '../../test/services/registry.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createBundleWriter, shardFileName } from './bundle-directory.ts';
import { readBundle } from './read-bundle.ts';
import { shardOf } from './shard.ts';

const tenants = bundleTenants(Array.from({ length: 30 }, (_, n) => ({ tenantId: `tenant-${n}` })));
const directory = (): string => {
  const dir = join(ownDirectory('read-bundle'), 'bundle');
  mkdirSync(dir);
  return dir;
};
const fileOf = (dir: string, tenantId: string): string => join(dir, shardFileName(shardOf(tenantId)));
const idsOf = ({ tenants: found }: Awaited<ReturnType<typeof readBundle>>) =>
  found.map(({ tenantId }) => tenantId).sort();
const clock = createManualClock();

test('what was written is read back as a whole', async () => {
  const dir = directory();
  await createBundleWriter(dir, clock).write(tenants);
  const found = await readBundle(dir);
  assert.is(found.isWhole, true);
  assert.equal(
    found.tenants.toSorted((a, b) => (a.tenantId < b.tenantId ? -1 : 1)),
    tenants,
  );
});

test('no directory and an empty one hold nothing and are not whole', async () => {
  for (const dir of ['/nowhere/at/all', directory()])
    assert.equal(await readBundle(dir), { tenants: [], isWhole: false });
});

test('a file that is gone, torn, or has a line of another shard counts as not there', async () => {
  const [victim] = tenants;
  if (victim === undefined) throw new Error('no tenant');
  const others = tenants.filter(({ tenantId }) => shardOf(tenantId) !== shardOf(victim.tenantId));
  const harm: readonly ((file: string) => void)[] = [
    (file) => rmSync(file),
    (file) => writeFileSync(file, readFileSync(file, 'utf8').slice(0, -9)),
    (file) => writeFileSync(file, ''),
    (file) => writeFileSync(file, readFileSync(fileOf(dir, others[0]?.tenantId ?? ''))),
  ];
  let dir = '';
  for (const break_ of harm) {
    dir = directory();
    await createBundleWriter(dir, clock).write(tenants);
    chmodSync(fileOf(dir, victim.tenantId), 0o600);
    break_(fileOf(dir, victim.tenantId));
    const found = await readBundle(dir);
    assert.is(found.isWhole, false);
    assert.equal(idsOf(found), others.map(({ tenantId }) => tenantId).sort());
  }
});

test('a writer rewrites what changed and nothing else, a new one on the same directory too', async () => {
  const dir = directory();
  const versions = () => new Map(tenants.map(({ tenantId }) => [tenantId, statSync(fileOf(dir, tenantId)).ino]));
  const writer = createBundleWriter(dir, clock);
  const first = await writer.write(tenants);
  assert.is(first.written.length, 64);
  const before = versions();
  for (const each of [writer, createBundleWriter(dir, clock)]) {
    const again = await each.write(tenants);
    assert.equal([again.revision, again.written], [first.revision, []]);
  }
  assert.equal(versions(), before);
  const [changed, ...rest] = tenants;
  if (changed === undefined) throw new Error('no tenant');
  const next = await writer.write([{ ...changed, revision: 'f'.repeat(16) }, ...rest]);
  assert.equal(next.written, [shardOf(changed.tenantId)]);
  assert.is.not(next.revision, first.revision);
});

test('what somebody else did to the directory is mended once it is distrusted', async () => {
  const dir = directory();
  const writer = createBundleWriter(dir, clock);
  await writer.write(tenants);
  rmSync(fileOf(dir, 'tenant-0'));
  assert.equal((await writer.write(tenants)).written, []);
  writer.distrust();
  assert.equal((await writer.write(tenants)).written, [shardOf('tenant-0')]);
});

test('a write that failed is begun again from what is there', async () => {
  const dir = directory();
  const writer = createBundleWriter(dir, clock);
  const blocked = join(dir, `.${shardFileName(40)}.tmp`);
  await writer.write([]);
  rmSync(dir, { recursive: true });
  const error = await writer.write(tenants).catch((thrown: unknown) => thrown);
  assert.instance(error, Error);
  mkdirSync(dir);
  writeFileSync(blocked, 'stale');
  assert.is((await writer.write(tenants)).written.length, 64);
  assert.is((await readBundle(dir)).isWhole, true);
});

test.run();
