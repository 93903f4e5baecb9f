import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createConfigReader } from './candidate.ts';
import { decide, decideReadings } from './decide.ts';
import { createRememberingJudge } from './remembering-judge.ts';
import type { SecretContent } from './resolve-secrets.ts';

const object = (name: string, spec: object = {}, metadata: object = {}): object => ({
  apiVersion: 'dataactions.dev/v1alpha1',
  kind: 'DataActionConfig',
  metadata: { name, namespace: 'ns', uid: `uid-${name}`, generation: 1, ...metadata },
  spec: { tenantId: name, webhook: { secretRefs: [{ name: 's', key: 'current' }] }, ...spec },
});
const secret = (version: string): SecretContent => ({
  version,
  data: new Map([['current', Buffer.from(`a secret of ${version}, long enough`)]]),
});

const start = () => {
  const [read, judge] = [createConfigReader(), createRememberingJudge()];
  let tenants = decide({ configs: [], secrets: new Map() }, []).tenants;
  return (configs: readonly object[], content: SecretContent | undefined) => {
    const secrets = new Map(content === undefined ? [] : [['ns/s', content]]);
    const decision = decideReadings({ readings: configs.map(read), secrets }, tenants, judge);
    assert.equal(decision, decide({ configs, secrets }, tenants), 'as if nothing were remembered');
    ({ tenants } = decision);
    return decision;
  };
};

test('what rests on the same objects is the same verdict and the same tenant, however often', () => {
  const run = start();
  const [objects, content] = [[object('a'), object('b')], secret('1')];
  const first = run(objects, content);
  for (let turn = 0; turn < 3; turn += 1) {
    const again = run(objects, content);
    for (const at of [0, 1]) {
      assert.is(again.tenants[at], first.tenants[at]);
      assert.is(again.verdicts[at], first.verdicts[at]);
    }
  }
});

test('one changed object is judged alone', () => {
  const run = start();
  const [a, b, content] = [object('a'), object('b'), secret('1')];
  const before = run([a, b], content);
  const after = run([object('a', { suspend: true }, { generation: 2 }), b], content);
  assert.is.not(after.tenants[0], before.tenants[0]);
  assert.is(after.tenants[0]?.suspend, true);
  assert.is(after.tenants[1], before.tenants[1]);
});

test('a Secret that changes, goes, or comes is noticed by all that refer to it', () => {
  const run = start();
  const objects = [object('a'), object('b')];
  assert.equal(run(objects, undefined).tenants, []);
  const first = run(objects, secret('1')).tenants.map(({ revision }) => revision);
  const second = run(objects, secret('2')).tenants.map(({ revision }) => revision);
  assert.is(new Set([...first, ...second]).size, 4);
  const without = run(objects, undefined);
  assert.equal(
    without.tenants.map(({ revision }) => revision),
    second,
  );
  assert.equal(
    without.verdicts.map(({ secretsResolved }) => secretsResolved.reason),
    ['SecretNotFound', 'SecretNotFound'],
  );
  const settled = run(objects, undefined);
  assert.is(settled.tenants[0], run(objects, undefined).tenants[0]);
});

test('a tenant that becomes free goes to the next object', () => {
  const run = start();
  const [older, younger] = [
    object('a', { tenantId: 'shared' }, { creationTimestamp: '2026-01-01T00:00:00Z' }),
    object('b', { tenantId: 'shared' }, { creationTimestamp: '2026-01-01T00:00:01Z' }),
  ];
  const content = secret('1');
  assert.is(run([older, younger], content).tenants[0]?.source.name, 'a');
  assert.is(run([younger], content).tenants[0]?.source.name, 'b');
  assert.is(run([older, younger], content).tenants[0]?.source.name, 'a');
});

test('the younger object is told who has its tenant now', () => {
  const run = start();
  const [oldest, older, younger] = ['00', '01', '02'].map((second, at) =>
    object(`o${at}`, { tenantId: 'shared' }, { creationTimestamp: `2026-01-01T00:00:${second}Z` }),
  );
  const told = (...objects: readonly (object | undefined)[]) =>
    run(
      objects.flatMap((each) => each ?? []),
      secret('1'),
    ).verdicts.at(-1)?.accepted.message;
  assert.match(told(oldest, older, younger) ?? '', 'as o0 does');
  assert.match(told(older, younger) ?? '', 'as o1 does');
});

test('an invalid spec keeps what was before, and settles on it', () => {
  const run = start();
  const content = secret('1');
  const [good] = run([object('a')], content).tenants;
  const bad = object('a', { surprise: 1 }, { generation: 2 });
  const kept = run([bad], content).tenants[0];
  assert.is(kept?.revision, good?.revision);
  assert.is(run([bad], content).tenants[0], kept);
  assert.is(run([bad], secret('2')).tenants[0]?.webhook.secretVersions[0], '2');
});

test.run();
