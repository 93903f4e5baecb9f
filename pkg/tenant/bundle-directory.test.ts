import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../process/manual-clock.ts';
import { type BundleTenant, decodeTenantLine } from './bundle.ts';
import { createBundleWriter, listShards, shardFileName, writeBundle } from './bundle-directory.ts';
import { decodeShard, shardOf } from './shard.ts';

const tenant = (tenantId: string, revision = 'a'.repeat(16)): BundleTenant => {
  const line = {
    tenantId,
    revision,
    source: { namespace: 'default', name: 'x', uid: '', generation: 1 },
    webhook: { keys: ['c2VjcmV0'], secretVersions: ['1'] },
  };
  const read = decodeTenantLine(JSON.stringify(line));
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value;
};

const clock = createManualClock();
const inTemporary = async (work: (dir: string) => Promise<void>): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), 'bundle-'));
  try {
    await work(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
};

test('a first write makes every shard, the empty ones too', () =>
  inTemporary(async (dir) => {
    const { written } = await writeBundle(dir, [tenant('a')], clock);
    assert.is(written.length, 64);
    assert.is((await listShards(dir)).length, 64);
    const read = decodeShard(await readFile(join(dir, shardFileName(shardOf('a'))), 'utf8'));
    assert.is(read.ok && read.value.lines.length, 1);
    assert.is(read.ok && read.value.writtenAt, '2026-01-01T00:00:00.000Z');
  }));

test('files are read-only, for the group too', () =>
  inTemporary(async (dir) => {
    await writeBundle(dir, [], clock);
    assert.is((await stat(join(dir, shardFileName(0)))).mode & 0o777, 0o440);
  }));

test('only a shard whose revision changed is replaced', () =>
  inTemporary(async (dir) => {
    const first = await writeBundle(dir, [tenant('a'), tenant('b')], clock);
    assert.equal(await writeBundle(dir, [tenant('b'), tenant('a')], clock), { revision: first.revision, written: [] });
    const changed = await writeBundle(dir, [tenant('a', 'b'.repeat(16)), tenant('b')], clock);
    assert.equal(changed.written, [shardOf('a')]);
    assert.is.not(changed.revision, first.revision);
    const gone = await writeBundle(dir, [tenant('b')], clock);
    assert.equal(gone.written, [shardOf('a')]);
  }));

test('a shard with an unreadable header is replaced', () =>
  inTemporary(async (dir) => {
    await writeBundle(dir, [], clock);
    await chmod(join(dir, shardFileName(7)), 0o600);
    await writeFile(join(dir, shardFileName(7)), '');
    assert.equal((await writeBundle(dir, [], clock)).written, [7]);
  }));

test('a shard with a good header and a broken line is replaced, by a writer that wrote it and by a new one', () =>
  inTemporary(async (dir) => {
    const path = join(dir, shardFileName(shardOf('a')));
    const writer = createBundleWriter(dir, clock);
    await writer.write([tenant('a')]);
    const good = await readFile(path, 'utf8');
    const spoil = async (): Promise<void> => {
      await chmod(path, 0o600);
      await writeFile(path, good.replace('"tenantId":"a"', '"tenantId":"b"'));
    };
    await spoil();
    writer.distrust();
    assert.equal((await writer.write([tenant('a')])).written, [shardOf('a')]);
    assert.is(await readFile(path, 'utf8'), good);
    writer.distrust();
    assert.equal((await writer.write([tenant('a')])).written, []);
    await spoil();
    assert.equal((await writeBundle(dir, [tenant('a')], clock)).written, [shardOf('a')]);
  }));

test('what an interrupted write left is removed, and nothing else', () =>
  inTemporary(async (dir) => {
    await writeFile(join(dir, '.shard-03.ndjson.tmp'), 'half');
    for (const other of ['.shard-03.ndjson.tmp2', 'notes.txt', '.hidden']) await writeFile(join(dir, other), '');
    await writeBundle(dir, [], clock);
    const names = await readdir(dir);
    assert.not(names.includes('.shard-03.ndjson.tmp'));
    for (const other of ['.shard-03.ndjson.tmp2', 'notes.txt', '.hidden']) assert.ok(names.includes(other), other);
    assert.is(names.length, 64 + 3);
  }));

test('a directory that is not there is an error', async () => {
  await writeBundle('/nowhere/at/all', [], clock).then(
    () => assert.unreachable(),
    (error: unknown) => assert.is(Object(error).code, 'ENOENT'),
  );
});

test.run();
