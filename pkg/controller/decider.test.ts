import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleLimits } from '../process/limits.ts';
import type { BundleTenant } from '../tenant/bundle.ts';
import { decodeReport, encodeReport } from '../tenant/report.ts';
import { byTenantId } from '../tenant/shard.ts';
import { objectKey, type Reading, readConfig } from './candidate.ts';
import { decide } from './decide.ts';
import { createDecider } from './decider.ts';
import type { SecretContent } from './resolve-secrets.ts';
import { referencesOf } from './secret-needs.ts';
import type { Verdict } from './verdict.ts';

interface Change {
  readonly name: string;
  /** Left out: the object goes. */
  readonly spec?: object;
  readonly age: number;
  readonly uid: number;
  readonly isLeaving: boolean;
}

interface SecretChange {
  readonly secret: string;
  /** Left out: it goes. */
  readonly value?: string;
}

const names = ['a', 'b', 'c', 'd'];
const secretNames = ['s', 't'];
const change: fc.Arbitrary<Change> = fc.record(
  {
    name: fc.constantFrom(...names),
    spec: fc.oneof(
      { weight: 4, arbitrary: fc.record({ tenantId: fc.constantFrom('one', 'two', 'three'), suspend: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ tenantId: fc.constantFrom('one', 'two'), surprise: fc.constant(1) }) },
      { weight: 1, arbitrary: fc.record({ tenantId: fc.constant(7), suspend: fc.boolean() }) },
    ),
    age: fc.integer({ min: 0, max: 9 }),
    uid: fc.integer({ min: 0, max: 1 }),
    isLeaving: fc.boolean().map((is) => is),
  },
  { requiredKeys: ['name', 'age', 'uid', 'isLeaving'] },
);
const secretChange: fc.Arbitrary<SecretChange> = fc.record(
  {
    secret: fc.constantFrom(...secretNames),
    value: fc.constantFrom('short', 'a long enough secret', 'another long secret'),
  },
  { requiredKeys: ['secret'] },
);
const steps = fc.array(
  fc.record({
    changes: fc.array(change, { maxLength: 3 }),
    secrets: fc.array(secretChange, { maxLength: 1 }),
  }),
  { minLength: 1, maxLength: 12 },
);

let generation = 0;
const manifestOf = ({ name, spec, age, uid, isLeaving }: Change, secret: string): object => {
  generation += 1;
  return {
    apiVersion: 'dataactions.dev/v1alpha1',
    kind: 'DataActionConfig',
    metadata: {
      name,
      namespace: 'ns',
      uid: `uid-${name}-${uid}`,
      generation,
      creationTimestamp: `2026-01-01T00:00:0${age}Z`,
      ...(isLeaving && age === 0 && { deletionTimestamp: '2026-01-01T00:00:09Z' }),
    },
    spec: { webhook: { secretRefs: [{ name: secret, key: 'current' }] }, ...spec },
  };
};

/** An API server's objects and Secrets, changed step by step, decided on in both ways. */
const createScene = (previous: readonly BundleTenant[], tenantsMax?: number) => {
  const manifests = new Map<string, object>();
  const readings = new Map<string, Reading>();
  const secrets = new Map<string, SecretContent>();
  const told = new Map<string, BundleTenant>();
  const decider = createDecider(previous, tenantsMax);
  let before = previous;

  const putObject = (each: Change): string => {
    const key = objectKey({ namespace: 'ns', name: each.name });
    const manifest = manifestOf(each, secretNames[each.age % 2] ?? 's');
    if (each.spec === undefined) {
      manifests.delete(key);
      readings.delete(key);
    } else {
      manifests.set(key, manifest);
      readings.set(key, readConfig(manifest));
    }
    return key;
  };
  const putSecret = ({ secret, value }: SecretChange): readonly string[] => {
    const key = `ns/${secret}`;
    generation += 1;
    if (value === undefined) secrets.delete(key);
    else secrets.set(key, { version: String(generation), data: new Map([['current', Buffer.from(value)]]) });
    return [...readings].filter(([, read]) => referencesOf(read).some((to) => to.secret === key)).map(([name]) => name);
  };

  return {
    decider,
    told,
    /** @returns the objects that are decided otherwise than before */
    step: (changes: readonly Change[], changedSecrets: readonly SecretChange[]): readonly string[] => {
      const changed = new Set([...changes.map(putObject), ...changedSecrets.flatMap(putSecret)]);
      const { tenants, objects } = decider.decide(changed, {
        reading: (key) => readings.get(key),
        secret: (key) => secrets.get(key),
      });
      for (const [tenantId, tenant] of tenants) {
        if (tenant === undefined) told.delete(tenantId);
        else told.set(tenantId, tenant);
      }
      return objects;
    },
    /** What deciding on everything says. */
    whole: () => {
      const configs = [...manifests.values()];
      const decision = decide({ configs, secrets, ...(tenantsMax !== undefined && { tenantsMax }) }, before);
      before = decision.tenants;
      return decision;
    },
  };
};

const verdictsOf = (verdicts: readonly Verdict[]) =>
  verdicts.toSorted((a, b) => (objectKey(a) < objectKey(b) ? -1 : 1));

for (const tenantsMax of [undefined, 2, 1, 0]) {
  test(`step by step it says what deciding on everything says, whatever happens in whatever order (places: ${tenantsMax ?? 'for all'})`, () => {
    void fc.assert(
      fc.property(steps, (all) => {
        const scene = createScene([], tenantsMax);
        let last = new Map<string, unknown>();
        for (const { changes, secrets } of all) {
          const objects = scene.step(changes, secrets);
          const { tenants, verdicts } = scene.whole();
          assert.equal([...scene.told.values()].sort(byTenantId), tenants);
          assert.is(scene.decider.tenantCount(), tenants.length);
          const standings = [...scene.decider.keys()].map((key) => [key, scene.decider.standing(key)] as const);
          assert.equal(verdictsOf(standings.flatMap(([, standing]) => standing?.verdict ?? [])), verdictsOf(verdicts));
          for (const tenant of tenants) {
            const owner = scene.decider.owner(tenant.tenantId);
            assert.is(owner, objectKey(tenant.source));
            assert.is(scene.decider.standing(owner ?? '')?.tenant, scene.told.get(tenant.tenantId));
          }
          const now = new Map(standings.map(([key, standing]) => [key, standing?.verdict]));
          const moved = [...now].filter(([key, verdict]) => last.get(key) !== verdict).map(([key]) => key);
          for (const key of [...moved, ...[...last.keys()].filter((key) => !now.has(key))]) {
            assert.ok(objects.includes(key), `${key} is told`);
          }
          last = now;
        }
      }),
      { numRuns: tenantsMax === undefined ? 500 : 200 },
    );
  });
}

const object = (name: string, spec: object, age = 1): Change => ({ name, spec, age, uid: 0, isLeaving: false });
const secret = (name: string): SecretChange => ({ secret: name, value: 'a long enough secret' });

test('what is told is what changed', () => {
  const scene = createScene([]);
  assert.equal(
    scene.step([object('a', { tenantId: 'one' }), object('b', { tenantId: 'two' }, 2)], [secret('t'), secret('s')]),
    ['ns/a', 'ns/b'],
  );
  const [one, two] = [scene.told.get('one'), scene.told.get('two')];
  assert.equal(scene.step([object('a', { tenantId: 'one', suspend: true })], []), ['ns/a']);
  assert.is.not(scene.told.get('one'), one);
  assert.is(scene.told.get('two'), two);
  assert.equal(scene.step([], [secret('s')]), ['ns/b']);
  assert.equal(scene.step([], []), []);
});

test('what the bundle held before the first decision is what an object had, and nobody else', () => {
  const first = createScene([]);
  first.step([object('a', { tenantId: 'one' }), object('b', { tenantId: 'two' }, 2)], [secret('t'), secret('s')]);
  const found = first.whole().tenants;
  const scene = createScene(found);
  scene.step([object('a', { tenantId: 'one', surprise: 1 })], []);
  assert.equal([...scene.told.keys()], ['one'], 'the last good one; the other object is gone');
  assert.equal([...scene.told.values()], scene.whole().tenants);
  scene.step([object('b', { tenantId: 'two', surprise: 1 })], []);
  assert.equal([...scene.told.values()], scene.whole().tenants, 'nobody remembers it');
});

test('of more tenants than a bundle takes those of the oldest objects are served, and the others told', () => {
  const scene = createScene([], 2);
  const served = () => [...scene.told.keys()].sort();
  const reasonOf = (name: string) => scene.decider.standing(`ns/${name}`)?.verdict.accepted.reason;
  scene.step([object('b', { tenantId: 'two' }, 5), object('c', { tenantId: 'three' }, 3)], [secret('t'), secret('s')]);
  assert.equal(scene.step([object('a', { tenantId: 'one' }, 7)], []), ['ns/a']);
  assert.equal([served(), reasonOf('a')], [['three', 'two'], 'TooManyTenants']);
  assert.equal(scene.step([object('d', { tenantId: 'three' }, 9)], []), ['ns/d'], 'whose tenant has its place');
  assert.equal([reasonOf('d'), reasonOf('a')], ['DuplicateTenant', 'TooManyTenants']);
  assert.equal(scene.step([{ ...object('b', {}, 5), isLeaving: false, spec: { tenantId: 7 } }], []), ['ns/b']);
  assert.equal([served(), reasonOf('b')], [['three', 'two'], 'InvalidSpec'], 'it keeps its tenant');
  assert.equal(scene.step([{ name: 'b', age: 5, uid: 0, isLeaving: false }], []).toSorted(), ['ns/a', 'ns/b']);
  assert.equal([served(), reasonOf('a')], [['one', 'three'], 'Valid']);
});

test('a bundle has no more tenants than the report on them may have', () => {
  const count = bundleLimits.tenantsMax + 1;
  const readings = new Map<string, Reading>();
  for (let at = 0; at < count; at += 1) {
    const name = `n${at}`;
    readings.set(`ns/${name}`, readConfig(manifestOf(object(name, { tenantId: name }, at === 7 ? 8 : 6), 's')));
  }
  const decider = createDecider([]);
  const content = { version: '1', data: new Map([['current', Buffer.from('a long enough secret')]]) };
  const { tenants } = decider.decide(readings.keys(), { reading: (key) => readings.get(key), secret: () => content });
  assert.equal([tenants.size, decider.tenantCount()], [count - 1, count - 1]);
  const { accepted, secretsResolved } = decider.standing('ns/n7')?.verdict ?? {};
  assert.is(accepted, secretsResolved);
  assert.is(accepted?.message, 'spec.tenantId: expected one of the 20000 tenants that have the oldest objects');
  const reports = [...tenants.keys()].map((tenantId) => ({
    tenantId,
    revision: '0'.repeat(16),
    state: 'Applied' as const,
    serving: true,
    reason: 'Applied' as const,
    message: '',
  }));
  const report = { schema: 1, revision: '0'.repeat(16), appliedAt: 'now', tenants: reports } as const;
  assert.ok(decodeReport(encodeReport(report)).ok);
});

test.run();
