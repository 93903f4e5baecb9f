import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { BundleTenant } from '../tenant/bundle.ts';
import { createConfigReader } from './candidate.ts';
import { type Decision, decide } from './decide.ts';
import type { SecretContent } from './resolve-secrets.ts';

type Fields = Readonly<Record<string, unknown>>;

const key = 'sixteen bytes!!!';
const secret = (version: string, data: Readonly<Record<string, string>>): SecretContent => ({
  version,
  data: new Map(Object.entries(data).map(([name, value]) => [name, Buffer.from(value)])),
});
const good: ReadonlyMap<string, SecretContent> = new Map([['ns/s', secret('1', { current: key })]]);
const secretRefs = [{ name: 's', key: 'current' }];

const object = (name: string, spec: Fields = {}, metadata: Fields = {}): unknown => ({
  apiVersion: 'dataactions.dev/v1alpha1',
  kind: 'DataActionConfig',
  metadata: { name, namespace: 'ns', uid: `uid-${name}`, generation: 1, ...metadata },
  spec: { tenantId: 'acme', webhook: { secretRefs }, ...spec },
});
const run = (configs: readonly unknown[], previous: readonly BundleTenant[] = [], secrets = good): Decision =>
  decide({ configs, secrets }, previous);
const reasonsOf = ({ verdicts }: Decision) =>
  verdicts.map(({ name, accepted, secretsResolved }) => [name, accepted.reason, secretsResolved.reason]);
const first = run([object('a')]).tenants;

test('a valid object with its secrets becomes a tenant', () => {
  const { tenants, verdicts } = run([object('a')]);
  const [tenant] = tenants;
  assert.is(tenants.length, 1);
  assert.is(tenant?.tenantId, 'acme');
  assert.equal(tenant?.webhook.keys, [Buffer.from(key).toString('base64')]);
  assert.equal(tenant?.source, { namespace: 'ns', name: 'a', uid: 'uid-a', generation: 1 });
  const fine = { ok: true, reason: 'Valid', message: '', problems: [] };
  const named = { namespace: 'ns', name: 'a', uid: 'uid-a', generation: 1, tenantId: 'acme', actions: 1 };
  assert.equal(verdicts, [{ ...named, accepted: fine, secretsResolved: fine }]);
});

test('the same input gives the same bundle, whatever was before', () => {
  assert.equal(run([object('a')], first).tenants, first);
});

test('a remembered reading decides the same, and a new object is read anew', () => {
  const read = createConfigReader();
  const [a, b] = [object('a'), object('b', { tenantId: 'b', surprise: 1 })];
  const gathered = { configs: [a, b, 'x'], secrets: good };
  for (let turn = 0; turn < 2; turn += 1) assert.equal(decide(gathered, [], read), decide(gathered, []));
  const changed = decide({ ...gathered, configs: [object('a', { suspend: true })] }, [], read);
  assert.is(changed.tenants[0]?.suspend, true);
});

test('a deleted object vanishes, one that is being deleted too', () => {
  assert.equal(run([], first), { tenants: [], verdicts: [] });
  const going = object('a', {}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
  assert.equal(run([going], first), { tenants: [], verdicts: [] });
});

test('an invalid spec leaves the last good entry in place', () => {
  const decision = run([object('a', { limits: { burst: 0 } })], first);
  assert.equal(decision.tenants, first);
  assert.equal(reasonsOf(decision), [['a', 'InvalidSpec', 'Valid']]);
  assert.match(decision.verdicts[0]?.accepted.message ?? '', /^spec\.limits\.burst: expected a whole number/);
});

test('an invalid spec without a last good entry gives no tenant', () => {
  assert.equal(run([object('a', { surprise: 1 })]).tenants, []);
});

test('keys and suspend of an invalid spec take effect, and change the revision', () => {
  const secrets = new Map([['ns/s', secret('2', { current: 'another key of 20 by' })]]);
  const [tenant] = run([object('a', { surprise: 1, suspend: true })], first, secrets).tenants;
  assert.is(tenant?.suspend, true);
  assert.equal(tenant?.webhook.keys, [Buffer.from('another key of 20 by').toString('base64')]);
  assert.is(tenant?.source.generation, 1);
  assert.is.not(tenant?.revision, first[0]?.revision);
  const again = run([object('a', { surprise: 1, suspend: true })], tenant ? [tenant] : [], secrets);
  assert.equal(again.tenants, [tenant]);
});

test('a webhook or suspend that does not parse leaves what was there', () => {
  const broken = object('a', { webhook: { secretRefs: [] }, suspend: 'yes' });
  const decision = run([broken], first);
  assert.equal(decision.tenants, first);
  assert.equal(reasonsOf(decision), [['a', 'InvalidSpec', 'InvalidSpec']]);
});

test('the entry of an object that was made anew is not that of the old one', () => {
  assert.equal(run([object('a', { surprise: 1 }, { uid: 'other' })], first).tenants, []);
});

test('the oldest object has the tenant', () => {
  const old = object('z', {}, { creationTimestamp: '2026-01-01T00:00:00Z' });
  const young = object('a', {}, { creationTimestamp: '2026-01-01T00:00:01Z' });
  const decision = run([young, old], first);
  assert.is(decision.tenants.length, 1);
  assert.is(decision.tenants[0]?.source.name, 'z');
  assert.equal(reasonsOf(decision), [
    ['z', 'Valid', 'Valid'],
    ['a', 'DuplicateTenant', 'DuplicateTenant'],
  ]);
  assert.is(
    decision.verdicts[1]?.accepted.message,
    'spec.tenantId: expected a tenant that no older object has, as z does',
  );
});

test('of two objects of one age, the first by namespace and name has it', () => {
  assert.is(run([object('b'), object('a')]).tenants[0]?.source.name, 'a');
  const elsewhere = object('a', {}, { namespace: 'zz' });
  assert.is(run([elsewhere, object('b')]).tenants[0]?.source.namespace, 'ns');
});

test('an object keeps its tenant while its spec is invalid', () => {
  const old = object('z', { surprise: 1 }, { creationTimestamp: '2026-01-01T00:00:00Z' });
  const young = object('a', {}, { creationTimestamp: '2026-01-01T00:00:01Z' });
  assert.equal(run([young, old]).tenants, []);
});

test('an invalid object loses its last good entry to an older object of the tenant', () => {
  const old = object('z', {}, { creationTimestamp: '2026-01-01T00:00:00Z' });
  const young = object('a', { surprise: 1 }, { creationTimestamp: '2026-01-01T00:00:01Z' });
  assert.equal(
    run([young, old], first).tenants.map(({ source }) => source.name),
    ['z'],
  );
});

test('a tenant goes to the next object when the first is gone', () => {
  assert.is(run([object('b')], first).tenants[0]?.source.name, 'b');
});

test('of more tenants than the bundle takes, those of the oldest objects are in it', () => {
  const aged = (name: string, age: number, spec: Fields = {}) =>
    object(name, { tenantId: name, ...spec }, { creationTimestamp: `2026-01-01T00:00:0${age}Z` });
  const decideOn = (...configs: readonly unknown[]) => decide({ configs, secrets: good, tenantsMax: 1 }, before);
  let before: readonly BundleTenant[] = [];
  ({ tenants: before } = decideOn(aged('a', 5)));
  assert.is(before.length, 1);
  const decision = decideOn(aged('a', 5), aged('b', 3));
  assert.equal(
    decision.tenants.map(({ tenantId }) => tenantId),
    ['b'],
  );
  assert.equal(reasonsOf(decision), [
    ['b', 'Valid', 'Valid'],
    ['a', 'TooManyTenants', 'TooManyTenants'],
  ]);
  const invalid = decideOn(aged('a', 5, { surprise: 1 }), aged('b', 3));
  assert.equal(invalid.tenants, decision.tenants, 'nor does a last good entry have a place');
  assert.equal(reasonsOf(invalid)[1], ['a', 'InvalidSpec', 'Valid']);
});

const refOf = (fields: Fields) => ({ webhook: { secretRefs: [{ name: 's', key: 'current', ...fields }] } });
const unfit = { webhook: { scheme: 'StandardWebhooks', secretRefs } };
const token = { webhook: { scheme: 'Bearer', secretRefs } };
const broken: readonly (readonly [string, Fields, ReadonlyMap<string, SecretContent>])[] = [
  ['SecretNotFound', {}, new Map()],
  ['SecretNotFound', {}, new Map([['other/s', secret('1', { current: key })]])],
  ['SecretKeyMissing', refOf({ key: 'x' }), good],
  ['SecretKeyMissing', refOf({ key: 'x', optional: true }), good],
  ['SecretTooShort', {}, new Map([['ns/s', secret('1', { current: 'fifteen bytes!!' })]])],
  ['SecretTooShort', {}, new Map([['ns/s', secret('1', { current: 'x'.repeat(4097) })]])],
  ['InvalidSpec', unfit, good],
  ['InvalidSpec', token, new Map([['ns/s', secret('1', { current: 'a-token-and-a-newline\n' })]])],
  ['SecretNotFound', { cxone: { secretRef: { name: 'c' } } }, good],
  ['SecretKeyMissing', { cxone: { secretRef: { name: 's' } } }, good],
];

test('a secret that is not as it should be is named by its field, and the last good entry stays', () => {
  for (const [reason, spec, secrets] of broken) {
    const decision = run([object('a', spec)], first, secrets);
    assert.equal(reasonsOf(decision), [['a', 'Valid', reason]], JSON.stringify(spec));
    assert.match(decision.verdicts[0]?.secretsResolved.message ?? '', /^spec\.(webhook|cxone)\.secretRef/);
    assert.equal(decision.tenants, first);
    assert.equal(run([object('a', spec)], [], secrets).tenants, []);
  }
});

test('a secret that its scheme cannot use is named by the reference itself, behind one that may be missing', () => {
  const refs = [
    { name: 's', key: 'gone', optional: true },
    { name: 's', key: 'current' },
    { name: 's', key: 'bad' },
  ];
  const secrets = new Map([
    ['ns/s', secret('1', { current: 'a-token-of-acme-alone', bad: 'not-a-token with words\n' })],
  ]);
  const [verdict] = run([object('a', { webhook: { scheme: 'Bearer', secretRefs: refs } })], [], secrets).verdicts;
  assert.match(
    verdict?.secretsResolved.message ?? '',
    /^spec\.webhook\.secretRefs\[2\]: expected a token of visible ASCII/,
  );
  assert.not.match(verdict?.secretsResolved.message ?? '', 'not-a-token');
});

test('suspend takes effect although a secret is missing', () => {
  assert.is(run([object('a', { suspend: true })], first, new Map()).tenants[0]?.suspend, true);
});

test('an optional key that is missing is left out; secrets at the bounds are fine', () => {
  const spec = {
    webhook: { secretRefs: [...secretRefs, { name: 's', key: 'old', optional: true }, { name: 't', key: 'max' }] },
  };
  const secrets = new Map([...good, ['ns/t', secret('7', { max: 'x'.repeat(4096) })] as const]);
  const { tenants } = run([object('a', spec)], [], secrets);
  assert.is(tenants[0]?.webhook.keys.length, 2);
  assert.equal(tenants[0]?.webhook.secretVersions, ['1', '7']);
});

test('CXone credentials are those that the grant needs', () => {
  const client = { 'client-id': 'i', 'client-secret': 's' };
  const access = { 'access-key-id': 'k', 'access-key-secret': 'l' };
  const urls = { tokenUrl: 'https://a.example/t', apiBase: 'https://b.example' };
  const having = (data: Readonly<Record<string, string>>) => new Map([...good, ['ns/c', secret('9', data)] as const]);
  const password = { cxone: { secretRef: { name: 'c' } } };
  const credentials = { cxone: { ...password.cxone, grant: 'ClientCredentials', ...urls } };
  const secretsOf = ({ tenants }: Decision) => Object.keys(tenants[0]?.cxone?.secrets ?? {});
  assert.equal(secretsOf(run([object('a', password)], [], having({ ...client, ...access }))), [
    'clientId',
    'clientSecret',
    'accessKeyId',
    'accessKeySecret',
  ]);
  assert.equal(secretsOf(run([object('a', credentials)], [], having(client))), ['clientId', 'clientSecret']);
  assert.equal(reasonsOf(run([object('a', password)], [], having(client))), [['a', 'Valid', 'SecretKeyMissing']]);
});

test('a tenant whose line would be too long is refused alone', () => {
  const text = `SELECT $1 ${'é'.repeat(8_000)}`;
  const transaction = { statements: Array(10).fill({ text, parameters: ['tenant_id'] }) };
  const actions = Array.from({ length: 50 }, (_, at) => ({ name: `a${at}`, transaction }));
  const decision = run([object('a', { actions, suspend: true }), object('b', { tenantId: 'other' })], first);
  assert.equal(reasonsOf(decision)[0], ['a', 'InvalidSpec', 'Valid']);
  assert.equal(
    decision.tenants.map(({ tenantId, suspend, actions: kept }) => [tenantId, suspend, kept.length]),
    [
      ['acme', true, 1],
      ['other', false, 1],
    ],
  );
});

test('no verdict shows a secret, and nothing makes it throw', () => {
  const secrets = new Map([['ns/s', secret('1', { current: 's3cr3t' })]]);
  void fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 3 }), fc.jsonValue(), (configs, spec) => {
      const decision = run([...configs, object('a'), object('b', { webhook: spec })], first, secrets);
      assert.not.match(JSON.stringify(decision.verdicts), 's3cr3t');
      assert.not.match(JSON.stringify(decision.verdicts), Buffer.from('s3cr3t').toString('base64'));
    }),
  );
});

test.run();
