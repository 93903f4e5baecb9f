/**
 * The registry and PostgreSQL's judgement: away, slow, changing its mind.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  accepted,
  createTestRegistry,
  lookupOf,
  rejected,
  type TestRegistry,
  unknown,
} from '../../test/services/registry.ts';
import { until } from '../../test/services/until.ts';
import type { StatementCheck } from '../postgres/check-statement.ts';
import { sleep } from '../process/clock.ts';
import { bundleLimits } from '../process/limits.ts';

const tenant = (tenantId: string, column = 'name') => ({ tenantId, spec: lookupOf(column) });
const becomes = (it: TestRegistry, tenantId: string, outcome: string) =>
  until(`${tenantId} ${outcome}`, async () => assert.is(it.outcome(tenantId), outcome));
const revisionOf = ({ registry }: TestRegistry, tenantId: string) => registry.tenant(tenantId)?.revision;

const withRegistry = async (work: (it: TestRegistry) => Promise<void>): Promise<void> => {
  const it = createTestRegistry();
  try {
    await work(it);
    assert.equal(it.errors, []);
  } finally {
    await it.registry.stop();
  }
};

test('a boot without the database serves provisionally, says so, and is Applied when the database comes', () =>
  withRegistry(async (it) => {
    it.answerWith(() => unknown);
    await it.write([tenant('acme')]);
    await it.registry.start();
    assert.ok(it.registry.configured());
    assert.ok(it.registry.tenant('acme'));
    assert.is(it.outcome('acme'), 'Waiting/WaitingForDatabase');
    assert.not(it.reloads.at(-1)?.success);
    it.answerWith(() => accepted);
    it.registry.databaseReady();
    await becomes(it, 'acme', 'Applied/Applied');
    await until('the reload', async () => assert.ok(it.reloads.at(-1)?.success));
  }));

test('the database that comes while it is being asked in vain is asked again', () =>
  withRegistry(async (it) => {
    const first = Promise.withResolvers<StatementCheck>();
    it.answerWith(() => first.promise);
    await it.write([tenant('acme')]);
    const started = it.registry.start();
    await until('the question', async () => assert.is(it.asked.length, 1));
    it.answerWith(() => accepted);
    it.registry.databaseReady();
    first.resolve(unknown);
    await started;
    await becomes(it, 'acme', 'Applied/Applied');
  }));

test('a provisional one that PostgreSQL refuses is not served', () =>
  withRegistry(async (it) => {
    it.answerWith(() => unknown);
    await it.write([tenant('acme')]);
    await it.registry.start();
    it.answerWith(() => rejected);
    it.registry.databaseReady();
    await becomes(it, 'acme', 'Refused/StatementRejected');
    assert.is(it.registry.tenant('acme'), undefined);
  }));

test('a rejection is asked about again by itself, and told only when it changes', () =>
  withRegistry(async (it) => {
    it.answerWith(({ declared }) => (declared.includes('missing') ? rejected : accepted));
    await it.write([tenant('acme', 'missing'), tenant('globex')]);
    await it.registry.start();
    assert.is(it.asked.length, 2);
    await it.clock.advance(bundleLimits.recheckIntervalMs);
    await until('the question', async () => assert.is(it.asked.length, 3));
    assert.is(it.told.length, 2);
    assert.is(it.reloads.length, 1);
    it.answerWith(() => accepted);
    await it.clock.advance(bundleLimits.recheckIntervalMs);
    await becomes(it, 'acme', 'Applied/Applied');
    assert.is(it.asked.length, 4, 'the accepted one is not asked about again');
    assert.equal(it.told.slice(2), ['acme']);
    await until('the reload', async () => assert.ok(it.reloads.at(-1)?.success));
  }));

test('a thousand tenants with one statement ask once; a thousand changes of keys not at all', () =>
  withRegistry(async (it) => {
    const names = Array.from({ length: 1_000 }, (_, n) => `tenant-${n}`);
    await it.write(names.map((name) => tenant(name)));
    await it.registry.start();
    assert.is(it.asked.length, 1);
    await it.configure(names.map((name) => ({ ...tenant(name), secrets: [`another-secret-of-${name}`] })));
    assert.is(it.asked.length, 1);
    assert.is(it.told.length, 2_000);
  }));

test('one change among a thousand tenants touches one tenant', () =>
  withRegistry(async (it) => {
    const names = Array.from({ length: 1_000 }, (_, n) => `tenant-${n}`);
    await it.write(names.map((name) => tenant(name)));
    await it.registry.start();
    const before = new Map(names.map((name) => [name, it.registry.tenant(name)]));
    await it.configure(names.map((name) => tenant(name, name === 'tenant-7' ? 'status' : 'name')));
    assert.equal(it.told.slice(1_000), ['tenant-7']);
    assert.equal(
      names.filter((name) => it.registry.tenant(name) !== before.get(name)),
      ['tenant-7'],
    );
  }));

test('a statement that PostgreSQL is slow to judge holds up no other tenant, nor its own keys', () =>
  withRegistry(async (it) => {
    await it.write([tenant('acme'), tenant('globex')]);
    await it.registry.start();
    const good = revisionOf(it, 'acme');
    const slow = Promise.withResolvers<StatementCheck>();
    it.answerWith(({ declared }) => (declared.includes('slow') ? slow.promise : accepted));
    await it.write([tenant('acme', 'slow'), tenant('globex')]);
    await until('the question', async () => assert.ok(it.asked.some((text) => text.includes('slow'))));
    const two = ['the-newer-secret-of-acme', 'a-secret-for-tests-of-acme'];
    await it.write([{ ...tenant('acme', 'slow'), secrets: two }, tenant('globex', 'status'), tenant('initech')]);
    await becomes(it, 'globex', 'Applied/Applied');
    await until('initech', async () => assert.ok(it.registry.tenant('initech')));
    await until('the keys', async () => assert.is(it.registry.tenant('acme')?.keyRing?.keys.length, 2));
    assert.is(revisionOf(it, 'acme'), good);
    slow.resolve(accepted);
    await becomes(it, 'acme', 'Applied/Applied');
    assert.is.not(revisionOf(it, 'acme'), good);
  }));

test('a verdict that comes after the next change, or after the tenant has gone, changes nothing', () =>
  withRegistry(async (it) => {
    await it.write([tenant('acme'), tenant('globex')]);
    await it.registry.start();
    const slow = Promise.withResolvers<StatementCheck>();
    it.answerWith(({ declared }) => (declared.includes('slow') ? slow.promise : accepted));
    await it.write([tenant('acme', 'slow'), tenant('globex', 'slow')]);
    await until('the question', async () => assert.ok(it.asked.some((text) => text.includes('slow'))));
    await it.write([tenant('acme', 'status')]);
    await until('the removal', async () => assert.equal(it.removed, ['globex']));
    slow.resolve(rejected);
    await becomes(it, 'acme', 'Applied/Applied');
    assert.match(it.registry.tenant('acme')?.compiled.statements[0]?.statement.declared ?? '', 'status');
    assert.is(it.registry.tenant('globex'), undefined);
    assert.is(it.outcome('globex'), undefined);
  }));

test('a question that fails for a bug is told and asked again; the other tenants go on', async () => {
  const it = createTestRegistry();
  it.answerWith(({ declared }) => {
    if (declared.includes('bug')) throw new Error('a bug');
    return accepted;
  });
  await it.write([tenant('acme', 'bug'), tenant('globex')]);
  await it.registry.start();
  assert.is(it.errors.length, 1);
  assert.is(it.outcome('globex'), 'Applied/Applied');
  assert.not(it.reloads.at(-1)?.success);
  it.answerWith(() => accepted);
  await it.clock.advance(bundleLimits.recheckIntervalMs);
  await becomes(it, 'acme', 'Applied/Applied');
  await it.registry.stop();
});

/** As behind a lock that is waited for so long. */
const lockedMs = 2_000;
const nothing = ({ clock }: TestRegistry) => sleep(clock, lockedMs).then(() => unknown);
/** One statement each. */
const locked = (count: number) => Array.from({ length: count }, (_, n) => tenant(`tenant-${n}`, `locked_${n}`));
const served = ({ registry }: TestRegistry) =>
  [...registry.tenantIds()].filter((id) => registry.tenant(id)).map((id) => registry.tenant(id)?.revision);

/** Moves time on until `probe` holds. @returns the milliseconds it took */
const passUntil = async ({ clock }: TestRegistry, probe: () => boolean): Promise<number> => {
  const since = clock.now();
  await until('the end', async () => {
    for (let steps = 0; steps < 10 && !probe(); steps += 1) await clock.advance(100);
    assert.ok(probe());
  });
  return clock.now() - since;
};

test('one question that comes to nothing is waited for, and not hundreds of them', () =>
  withRegistry(async (it) => {
    it.answerWith(() => nothing(it));
    await it.write(locked(300));
    const started = it.registry.start();
    await until('the questions', async () => assert.is(it.asked.length, bundleLimits.statementChecksMax));
    for (let turns = 0; turns < 300 / bundleLimits.tenantsPerTurn; turns += 1) await turn();
    await it.clock.advance(lockedMs);
    await started;
    assert.is(served(it).length, 300);
  }));

test('who stands behind questions that come to nothing is asked about in turn, and settled at once', () =>
  withRegistry(async (it) => {
    it.answerWith(() => (it.asked.length === 21 ? rejected : nothing(it)));
    await it.write(locked(21));
    const started = it.registry.start();
    await passUntil(it, it.registry.configured);
    await started;
    assert.is(served(it).length, 21);
    const refused = () => it.registry.report().tenants.filter(({ state }) => state === 'Refused').length;
    const ms = await passUntil(it, () => refused() > 0);
    assert.ok(ms < bundleLimits.recheckIntervalMs, `${ms} ms`);
    assert.equal([refused(), served(it).length, it.asked.length], [1, 20, 21]);
  }));

test('while nothing is heard, who was served stays served and who was refused stays refused', () =>
  withRegistry(async (it) => {
    const good = Array.from({ length: 8 }, (_, n) => tenant(`tenant-${n}`));
    it.answerWith(({ declared }) => (declared.includes('missing') ? rejected : accepted));
    await it.write([...good, tenant('wrong', 'missing')]);
    await it.registry.start();
    const before = served(it);
    it.answerWith(() => nothing(it));
    const revision = await it.write([...locked(8), tenant('wrong', 'missing')]);
    await passUntil(it, () => it.registry.report().revision === revision);
    const asked = () => it.asked.filter((text) => text.includes('missing')).length;
    const first = asked();
    await passUntil(it, () => asked() > first + 1);
    assert.equal(served(it), before);
    assert.is(it.outcome('wrong'), 'Refused/StatementRejected');
  }));

test.run();
