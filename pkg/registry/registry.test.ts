import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createTestRegistry, lookupOf, rejected, type TestRegistry } from '../../test/services/registry.ts';
import { until } from '../../test/services/until.ts';
import { bundleLimits } from '../process/limits.ts';
import { shardFileName } from '../tenant/bundle-directory.ts';
import { shardOf } from '../tenant/shard.ts';

const config = (column: string, spec: object = {}) => ({ tenantId: 'acme', spec: { ...lookupOf(column), ...spec } });
const globex = { tenantId: 'globex', spec: lookupOf('name') };

const withRegistry = async (work: (it: TestRegistry) => Promise<void>): Promise<void> => {
  const it = createTestRegistry();
  try {
    await it.write([config('name'), globex]);
    await it.registry.start();
    await work(it);
    assert.equal(it.errors, []);
  } finally {
    await it.registry.stop();
    assert.is(it.clock.pending(), 0, 'no timer is left');
  }
};

const revisionOf = ({ registry }: TestRegistry, tenantId = 'acme') => registry.tenant(tenantId)?.revision;

test('start takes over what is there', () =>
  withRegistry(async ({ registry, told, reloads, outcome }) => {
    assert.ok(registry.configured());
    assert.equal([...registry.tenantIds()].toSorted(), ['acme', 'globex']);
    assert.equal(told.toSorted(), ['acme', 'globex']);
    assert.is(outcome('acme'), 'Applied/Applied');
    assert.is(registry.tenant('acme')?.label.text, 'label of acme');
    assert.equal(reloads, [{ revision: registry.report().revision, success: true, problems: [] }]);
  }));

test('the version of the report changes with the report, and with nothing else', () =>
  withRegistry(async ({ registry, configure, write, clock }) => {
    const first = [registry.reportVersion(), JSON.stringify(registry.report())];
    await write([config('name'), globex]);
    await clock.advance(bundleLimits.pollIntervalMs);
    assert.equal([registry.reportVersion(), JSON.stringify(registry.report())], first);
    await configure([globex]);
    assert.is.not(registry.reportVersion(), first[0]);
    const other = createTestRegistry();
    assert.is.not(other.registry.reportVersion().split('-')[0], first[0]?.split('-')[0]);
  }));

test('since a version the report holds what changed, and everything where that cannot be told', () =>
  withRegistry(async ({ registry, configure }) => {
    const first = registry.reportVersion();
    assert.equal(registry.report(first).tenants, []);
    await configure([config('status'), globex]);
    const { since, tenants, removed, revision } = registry.report(first);
    assert.equal([since, tenants.map(({ tenantId }) => tenantId), removed], [first, ['acme'], []]);
    assert.is(revision, registry.report().revision);
    const second = registry.reportVersion();
    await configure([globex]);
    assert.equal([registry.report(second).tenants, registry.report(second).removed], [[], ['acme']]);
    for (const unknown of [createTestRegistry().registry.reportVersion(), 'nonsense', '']) {
      const whole = registry.report(unknown);
      assert.equal([whole.since, whole.removed, whole.tenants.length], [undefined, undefined, 1], unknown);
    }
  }));

test('without a bundle there is no configuration, until there is one; an empty one counts', async () => {
  const it = createTestRegistry();
  await it.registry.start();
  assert.not(it.registry.configured());
  assert.equal(it.reloads, []);
  await it.configure([]);
  assert.ok(it.registry.configured());
  await it.configure([globex]);
  assert.ok(it.registry.tenant('globex'));
  await it.registry.stop();
});

test('a request keeps the configuration it began with; the next one has the new one', () =>
  withRegistry(async (it) => {
    const before = it.registry.tenant('acme');
    const other = it.registry.tenant('globex');
    await it.configure([config('status'), globex]);
    const after = it.registry.tenant('acme');
    assert.is.not(after, before);
    assert.is(after?.admission, before?.admission, 'who is inside stays counted');
    assert.is(it.registry.tenant('globex'), other, 'the others never notice');
    assert.equal(it.told.slice(2), ['acme']);
  }));

test('a tenant that is gone is not served and told once', () =>
  withRegistry(async (it) => {
    await it.configure([globex]);
    assert.is(it.registry.tenant('acme'), undefined);
    assert.equal(it.removed, ['acme']);
    assert.is(it.outcome('acme'), undefined);
    await it.configure([config('name'), globex]);
    assert.ok(it.registry.tenant('acme'));
  }));

test('a refused change keeps the last good one, with its reason; keys and suspend hold at once', () =>
  withRegistry(async (it) => {
    const good = revisionOf(it);
    it.answerWith(() => rejected);
    await it.configure([
      { ...config('missing'), secrets: ['the-newer-secret-of-acme', 'the-older-one-of-acme'] },
      globex,
    ]);
    assert.is(revisionOf(it), good);
    assert.is(it.registry.tenant('acme')?.keyRing?.keys.length, 2);
    assert.is(it.outcome('acme'), 'Refused/StatementRejected');
    assert.is(it.outcome('globex'), 'Applied/Applied');
    assert.not(it.reloads.at(-1)?.success);
    await it.configure([config('missing', { suspend: true }), globex]);
    assert.is(it.registry.tenant('acme')?.keyRing, undefined);
    await it.configure([config('name'), globex]);
    assert.is(it.outcome('acme'), 'Applied/Applied');
    assert.ok(it.reloads.at(-1)?.success);
  }));

test('new limits hold for who is already inside', () =>
  withRegistry(async (it) => {
    it.registry.tenant('acme')?.admission.enter();
    await it.configure([config('name', { limits: { concurrency: 1 } }), globex]);
    assert.throws(
      () => it.registry.tenant('acme')?.admission.enter(),
      (error: Error) => error.name === 'AppError',
    );
  }));

test('a damaged shard costs a reload without success, and nothing else; told once', () =>
  withRegistry(async (it) => {
    const before = it.registry.tenant('acme');
    const file = join(it.dir, shardFileName(shardOf('acme')));
    renameSync(file, `${file}.old`);
    writeFileSync(file, 'no shard');
    await until('the damage', async () => assert.not(it.reloads.at(-1)?.success));
    assert.is(it.registry.tenant('acme'), before);
    const told = it.reloads.length;
    await it.clock.advance(3 * bundleLimits.pollIntervalMs);
    assert.is(it.reloads.length, told);
    renameSync(`${file}.old`, file);
    await until('its end', async () => assert.ok(it.reloads.at(-1)?.success));
  }));

test('when every watch is deaf, the next regular look finds the change', async () => {
  const it = createTestRegistry();
  await it.write([config('name')]);
  await it.registry.start();
  const before = revisionOf(it);
  await it.write([config('status')]);
  await it.clock.advance(bundleLimits.pollIntervalMs);
  await until('the change', async () => assert.is.not(revisionOf(it), before));
  await it.registry.stop();
});

test('a hundred changes in a row: the last one stands, and no rounds are left over', () =>
  withRegistry(async (it) => {
    for (let n = 0; n < 100; n += 1) await it.write([config(`column_${n}`), globex]);
    await it.configure([config('last'), globex]);
    const [statement] = it.registry.tenant('acme')?.compiled.statements ?? [];
    assert.match(statement?.statement.declared ?? '', 'last');
    assert.is(it.told.filter((tenantId) => tenantId === 'globex').length, 1);
  }));

test('after stop nothing changes any more', async () => {
  const it = createTestRegistry();
  await it.write([config('name')]);
  await it.registry.start();
  const before = it.registry.tenant('acme');
  await it.registry.stop();
  await it.write([config('status')]);
  await it.clock.advance(2 * bundleLimits.pollIntervalMs);
  assert.is(it.registry.tenant('acme'), before);
});

test.run();
