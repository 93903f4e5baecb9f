import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Clock, systemClock } from '../../pkg/process/clock.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import { createBundleReader } from '../../pkg/registry/bundle-reader.ts';
import { ownDirectory } from '../../test/services/owned.ts';
import { until } from '../../test/services/until.ts';
import { createManifestSource } from './manifest-source.ts';

const example = readFileSync(new URL('../../deploy/examples/quickstart.yaml', import.meta.url), 'utf8');
const both = ['11ef6a32-c573-6d80-b014-0242ac110004', 'acme'];

/** A source that follows a file of its own, and what its bundle holds. */
const follow = async (
  work: (it: Awaited<ReturnType<typeof start>>) => Promise<void>,
  text = example,
): Promise<void> => {
  const it = await start(text);
  try {
    await work(it);
  } finally {
    await it.source.stop();
  }
};

const start = async (text: string, clock: Clock = systemClock) => {
  const folder = ownDirectory('manifests');
  const file = join(folder, 'yaml', 'tenants.yaml');
  const bundleDir = join(folder, 'deep', 'bundle');
  mkdirSync(join(folder, 'yaml'));
  writeFileSync(file, text);
  const lines: string[] = [];
  const source = createManifestSource({ file, bundleDir, clock, log: (line) => void lines.push(line) });
  await source.start();
  const tenants = async () => {
    const { tenants: found } = await createBundleReader(bundleDir).read();
    return found.map(({ tenantId }) => tenantId).toSorted();
  };
  const says = (text: string) => until(`"${text}"`, async () => assert.ok(lines.some((line) => line.includes(text))));
  return { source, file, lines, tenants, says };
};

test('the first bundle is there when it has started, in a directory it makes, without a word', () =>
  follow(async ({ lines, tenants }) => {
    assert.equal(await tenants(), both);
    assert.equal(lines, []);
  }));

test('a changed file becomes a new bundle', () =>
  follow(async ({ file, says, tenants }) => {
    writeFileSync(file, example.replace('tenantId: acme', 'tenantId: initech'));
    await says('written');
    assert.equal(await tenants(), ['11ef6a32-c573-6d80-b014-0242ac110004', 'initech']);
  }));

test('what is not YAML is told by its line, and keeps what was there', () =>
  follow(async ({ file, lines, says, tenants }) => {
    writeFileSync(file, `${example}\n---\na: secret: x\n`);
    await says(`line ${example.split('\n').length + 2}: expected`);
    assert.not.match(lines.join('\n'), 'secret');
    assert.equal(await tenants(), both);
  }));

test('an object that is refused is told by name, reason and field, and keeps what it was', () =>
  follow(async ({ file, lines, says, tenants }) => {
    writeFileSync(file, example.replace('current: for-demonstration-only-acme-webhook-key', 'current: tooshort'));
    await says('DataActionConfig acme: SecretTooShort');
    assert.not.match(lines.join('\n'), 'tooshort');
    assert.equal(await tenants(), both);
  }));

for (const [what, change] of [
  ['an empty file', (file: string) => writeFileSync(file, '')],
  ['a file that has gone', (file: string) => rmSync(file)],
] as const) {
  test(`${what} keeps what was there`, async () => {
    const clock = createManualClock();
    const { source, file, lines, tenants } = await start(example, clock);
    change(file);
    await clock.advance(1_000);
    const stopped = source.stop().then(() => true);
    const moved = () => clock.advance(50).then(() => false);
    await until('the end of its look', async () => assert.ok(await Promise.race([stopped, moved()])));
    assert.equal(await tenants(), both);
    assert.equal(lines, []);
  });
}

test('an editor that empties the file and then fills it is waited for', async () => {
  const clock = createManualClock();
  const { source, file, lines, tenants } = await start(example, clock);
  writeFileSync(file, example.slice(0, example.indexOf('name: globex-webhook')));
  await clock.advance(1_000);
  // It has seen the first half now or will not see it at all.
  writeFileSync(file, example.replace('tenantId: acme', 'tenantId: initech'));
  const written = () => assert.equal(lines.length, 1);
  await until('the new bundle', async () => clock.advance(50).then(written));
  assert.equal(await tenants(), ['11ef6a32-c573-6d80-b014-0242ac110004', 'initech']);
  await source.stop();
});

test('a broken file at the start: it says so, and goes on with the first whole one', () =>
  follow(async ({ lines, tenants, file, says }) => {
    assert.equal(await tenants(), []);
    assert.match(lines[0] ?? '', 'line 1');
    writeFileSync(file, example);
    await says('written');
    assert.equal(await tenants(), both);
  }, 'a: b: c'));

test.run();
