import { copyFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ownDirectory } from '../../test/services/owned.ts';
import { bundleTenants, lookupOf } from '../../test/services/registry.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { shardFileName, writeBundle } from '../tenant/bundle-directory.ts';
import { encodeShard, shardOf } from '../tenant/shard.ts';
import { type BundleChanges, type BundleReader, createBundleReader } from './bundle-reader.ts';

const clock = createManualClock();
const nothing = { tenants: [], removed: [] as string[], isNews: false };
const ids = (changes: BundleChanges) => ({
  tenants: changes.tenants.map(({ tenantId }) => tenantId).toSorted(),
  removed: changes.removed.toSorted(),
  isNews: changes.isNews,
});

/** Column by tenant. */
const tenantsOf = (columns: Readonly<Record<string, string>>) =>
  bundleTenants(Object.entries(columns).map(([tenantId, column]) => ({ tenantId, spec: lookupOf(column) })));

const write = (dir: string, columns: Readonly<Record<string, string>>) => writeBundle(dir, tenantsOf(columns), clock);
const fileOf = (dir: string, tenantId: string) => join(dir, shardFileName(shardOf(tenantId)));

/** Two tenants of one shard and one of another. */
const [acme, twin, other] = (() => {
  const names = Array.from({ length: 500 }, (_, n) => `tenant-${n}`);
  const sibling = names.find((name) => shardOf(name) === shardOf('acme')) ?? '';
  return ['acme', sibling, names.find((name) => shardOf(name) !== shardOf('acme')) ?? ''] as const;
})();

const inBundle = async (work: (dir: string, reader: BundleReader) => Promise<void>): Promise<void> => {
  const dir = ownDirectory('bundle-reader');
  await write(dir, { [acme]: 'name', [twin]: 'name', [other]: 'name' });
  const reader = createBundleReader(dir);
  await reader.read();
  await work(dir, reader);
};

test('the first read tells all tenants and the revision of the whole', async () => {
  const dir = ownDirectory('bundle-reader');
  const reader = createBundleReader(dir);
  assert.equal(ids(await reader.read()), nothing, 'nothing written yet is no problem');
  assert.is(reader.revision(), undefined);
  const { revision } = await write(dir, { [acme]: 'name', [other]: 'name' });
  assert.equal(ids(await reader.read()), { tenants: [acme, other].toSorted(), removed: [], isNews: true });
  assert.is(reader.revision(), revision);
  assert.equal(reader.problems(), []);
});

test('what tenants declare alike is kept once, also when one of them comes later', async () => {
  const dir = ownDirectory('bundle-reader');
  const reader = createBundleReader(dir);
  await write(dir, { [acme]: 'name', [other]: 'name' });
  const [first, second] = (await reader.read()).tenants;
  await write(dir, { [acme]: 'name', [other]: 'name', [twin]: 'name' });
  const [third] = (await reader.read()).tenants;
  assert.is(third?.tenantId, twin);
  assert.ok(first?.actions[0]);
  for (const tenant of [second, third]) assert.is(tenant?.actions[0], first.actions[0]);
});

test('what did not change is not told again', () =>
  inBundle(async (_dir, reader) => assert.equal(ids(await reader.read()), nothing)));

test('of a changed shard, only the changed lines are told', () =>
  inBundle(async (dir, reader) => {
    await write(dir, { [acme]: 'status', [twin]: 'name', [other]: 'name' });
    assert.equal(ids(await reader.read()), { ...nothing, tenants: [acme], isNews: true });
  }));

test('a tenant that is gone is told once', () =>
  inBundle(async (dir, reader) => {
    await write(dir, { [twin]: 'name', [other]: 'name' });
    assert.equal(ids(await reader.read()), { ...nothing, removed: [acme], isNews: true });
    assert.equal(ids(await reader.read()), nothing);
  }));

test('a tenant that goes and comes back is told again', () =>
  inBundle(async (dir, reader) => {
    await write(dir, { [twin]: 'name', [other]: 'name' });
    await reader.read();
    await write(dir, { [acme]: 'name', [twin]: 'name', [other]: 'name' });
    assert.equal(ids(await reader.read()), { ...nothing, tenants: [acme], isNews: true });
  }));

test('only the shards asked for are looked at', () =>
  inBundle(async (dir, reader) => {
    await write(dir, { [acme]: 'status', [twin]: 'name', [other]: 'status' });
    assert.equal(ids(await reader.read(new Set([shardOf(other)]))).tenants, [other]);
    assert.equal(ids(await reader.read()).tenants, [acme]);
  }));

/** What to do to a shard file, and what its problem says. */
const damages: readonly (readonly [string, (file: string) => Promise<void> | void, string])[] = [
  ['torn', async (file) => replace(file, (await readFile(file, 'utf8')).slice(0, -20)), 'the check of the lines'],
  ['flipped', async (file) => replace(file, (await readFile(file, 'utf8')).replace('"acme"', '"acmf"')), 'the check'],
  ['emptied', (file) => replace(file, ''), 'a header line'],
  ['removed', (file) => rmSync(file), 'the file to be there'],
  [
    'of another shard',
    (file) => replace(file, encodeShard(tenantsOf({ [other]: 'name' }), 'now')),
    'of this shard, once',
  ],
  [
    'with a tenant twice',
    (file) => replace(file, encodeShard([...tenantsOf({ [acme]: 'a' }), ...tenantsOf({ [acme]: 'b' })], 'now')),
    'of this shard, once',
  ],
];

const replace = (file: string, content: string): void => {
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
};

for (const [damage, apply, expected] of damages) {
  test(`a file that is ${damage} keeps what it held, is reported once, and healed by what it held before`, () =>
    inBundle(async (dir, reader) => {
      const file = fileOf(dir, acme);
      const before = reader.revision();
      copyFileSync(file, `${file}.old`);
      await apply(file);
      assert.equal(ids(await reader.read()), { ...nothing, isNews: true });
      const [problem = ''] = reader.problems();
      assert.match(problem, shardFileName(shardOf(acme)));
      assert.match(problem, expected);
      assert.not.match(problem, 'acmf');
      assert.is(reader.revision(), before);
      assert.equal(ids(await reader.read()), nothing, 'told once');
      assert.is(reader.problems().length, 1, 'but it stands');
      await write(dir, { [acme]: 'name', [twin]: 'name', [other]: 'status' }).catch(() => {});
      await reader.read(new Set([shardOf(other)]));
      assert.is(reader.problems().length, 1, 'news of another shard does not cover it');
      renameSync(`${file}.old`, file);
      assert.equal(ids(await reader.read()), { ...nothing, isNews: true });
      assert.equal(reader.problems(), []);
    }));
}

test('a line that does not decode refuses its file and names line and field, never a value', () =>
  inBundle(async (dir, reader) => {
    const [tenant] = tenantsOf({ [acme]: 'a_secret_column' });
    if (!tenant) throw new Error('no tenant');
    const broken = { ...tenant, webhook: { ...tenant.webhook, keys: ['no base64: a_secret_key'] } };
    replace(fileOf(dir, acme), encodeShard([broken], 'now'));
    assert.equal(ids(await reader.read()), { ...nothing, isNews: true });
    assert.match(reader.problems()[0] ?? '', 'line 2: webhook.keys[0]: expected base64');
    assert.not.match(reader.problems()[0] ?? '', 'secret_');
  }));

test('a whole bundle needs every shard', async () => {
  const dir = ownDirectory('bundle-reader');
  await write(dir, { [acme]: 'name' });
  rmSync(join(dir, shardFileName(0)));
  const reader = createBundleReader(dir);
  await reader.read();
  assert.is(reader.revision(), undefined);
});

test.run();
