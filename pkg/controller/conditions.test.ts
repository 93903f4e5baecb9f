import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TenantReport } from '../tenant/report.ts';
import { isWaiting, type Standing, statusOf } from './conditions.ts';
import { decide } from './decide.ts';
import { type ConfigStatus, conditionOf, conditionTypes, readStatus } from './status.ts';

const now = Date.UTC(2026, 0, 1, 12, 0, 0, 789);
const later = now + 60_000;

const object = (spec: object = {}, generation = 1): unknown => ({
  apiVersion: 'dataactions.dev/v1alpha1',
  kind: 'DataActionConfig',
  metadata: { name: 'a', namespace: 'ns', uid: 'uid-a', generation },
  spec: { tenantId: 'acme', webhook: { secretRefs: [{ name: 's', key: 'current' }] }, ...spec },
});
const secrets = new Map([['ns/s', { version: '1', data: new Map([['current', Buffer.from('sixteen bytes!!!')]]) }]]);
const good = decide({ configs: [object()], secrets }, []);

/** @param spec  of generation 2, after a generation 1 that was good */
const standingOf = (
  { report, ...given }: Partial<Standing> = {},
  {
    spec = {},
    withSecrets = true,
    hadBefore = true,
  }: { spec?: object; withSecrets?: boolean; hadBefore?: boolean } = {},
): Standing => {
  const gathered = { configs: [object(spec, 2)], secrets: withSecrets ? secrets : new Map() };
  const { verdicts, tenants } = decide(gathered, hadBefore ? good.tenants : []);
  const [verdict] = verdicts;
  if (verdict === undefined) throw new Error('no verdict');
  return { verdict, tenant: tenants[0], report, ...given };
};
const reportOf = (standing: Standing, more: Partial<TenantReport> = {}): Standing => ({
  ...standing,
  report: {
    tenantId: 'acme',
    revision: standing.tenant?.revision ?? '0'.repeat(16),
    state: 'Applied',
    serving: true,
    reason: 'Applied',
    message: '',
    ...more,
  },
});
const wordsOf = (status: ConfigStatus) =>
  conditionTypes.map((type) => {
    const condition = conditionOf(status, type);
    return `${condition?.status}/${condition?.reason}`;
  });
const readyMessage = (status: ConfigStatus) => conditionOf(status, 'Ready')?.message;

const served = reportOf(standingOf());
const ready = statusOf(served, undefined, now);

test('what the handler applied is Ready, of this generation, with its revision and the number of actions', () => {
  assert.equal(wordsOf(ready), ['True/Valid', 'True/Valid', 'True/Applied', 'True/Applied']);
  assert.is(ready.observedGeneration, 2);
  assert.is(ready.revision, served.tenant?.revision);
  assert.is(ready.actions, 1);
  for (const { observedGeneration, lastTransitionTime } of ready.conditions) {
    assert.equal([observedGeneration, lastTransitionTime], [2, '2026-01-01T12:00:00Z']);
  }
});

const waiting: readonly (readonly [string, Standing])[] = [
  ['a handler that says nothing', standingOf()],
  ['a handler that does not know the tenant yet', standingOf({ report: undefined })],
  ['a handler that speaks of an older revision', reportOf(standingOf(), { revision: 'f'.repeat(16) })],
];
for (const [title, standing] of waiting) {
  test(`${title} is waited for, and never makes it Ready`, () => {
    const status = statusOf(standing, ready, later);
    assert.equal(wordsOf(status), [
      'True/Valid',
      'True/Valid',
      'Unknown/WaitingForHandler',
      'Unknown/WaitingForHandler',
    ]);
    assert.ok(isWaiting(status));
    assert.is(status.revision, ready.revision);
  });
}

const refusals: readonly (readonly [string, Partial<TenantReport>, string])[] = [
  ['StatementRejected', { state: 'Refused' }, 'False/StatementRejected'],
  ['InvalidSpec', { state: 'Refused' }, 'False/InvalidSpec'],
  ['WaitingForDatabase', { state: 'Waiting' }, 'False/WaitingForDatabase'],
];
for (const [reason, more, words] of refusals) {
  test(`what the handler says of ${reason} is said on, with what is served meanwhile`, () => {
    const said = { ...more, reason: reason as TenantReport['reason'], message: 'spec.x: PostgreSQL refuses it' };
    const serving = statusOf(reportOf(standingOf(), said), ready, later);
    assert.equal(wordsOf(serving), ['True/Valid', 'True/Valid', words, words]);
    assert.match(readyMessage(serving) ?? '', /^spec\.x: PostgreSQL refuses it; the last good configuration is served/);
    assert.is(serving.revision, ready.revision);
    const silent = statusOf(reportOf(standingOf(), { ...said, serving: false }), ready, later);
    assert.match(readyMessage(silent) ?? '', /; no configuration of the tenant is served$/);
    assert.is(silent.revision, undefined);
  });
}

test('a suspended tenant is applied and not ready', () => {
  const more = { state: 'Suspended', reason: 'Suspended', serving: false, message: 'spec.suspend is true' } as const;
  const status = statusOf(reportOf(standingOf({}, { spec: { suspend: true } }), more), ready, later);
  assert.equal(wordsOf(status), ['True/Valid', 'True/Valid', 'True/Suspended', 'False/Suspended']);
  assert.ok(status.revision);
});

test('an invalid spec is judged of its own generation, while the last good one goes on', () => {
  const standing = reportOf(standingOf({}, { spec: { surprise: 1 } }));
  const status = statusOf(standing, ready, later);
  assert.equal(wordsOf(status), ['False/InvalidSpec', 'True/Valid', 'False/InvalidSpec', 'False/InvalidSpec']);
  assert.is(status.observedGeneration, 2);
  assert.is(status.actions, undefined);
  assert.match(readyMessage(status) ?? '', /^spec\.surprise: no such field; the last good configuration is served/);
  const never = statusOf(standingOf({}, { spec: { surprise: 1 }, hadBefore: false }), undefined, now);
  assert.match(readyMessage(never) ?? '', /; no configuration of the tenant is served$/);
  assert.is(never.revision, undefined);
  const mute = statusOf({ ...standing, report: undefined }, ready, later);
  assert.match(readyMessage(mute) ?? '', /; the handler does not say what it serves$/);
});

test('a missing Secret is told', () => {
  const status = statusOf(standingOf({}, { withSecrets: false, hadBefore: false }), undefined, now);
  assert.equal(wordsOf(status), ['True/Valid', 'False/SecretNotFound', 'False/SecretNotFound', 'False/SecretNotFound']);
  assert.is(status.actions, 1);
});

test('a transition has its moment, and keeps it for as long as the status is the same', () => {
  const waits = statusOf(standingOf(), ready, later);
  const moments = (status: ConfigStatus) =>
    status.conditions.map(({ lastTransitionTime }) => lastTransitionTime.slice(11, 16));
  assert.equal(moments(waits), ['12:00', '12:00', '12:01', '12:01']);
  assert.equal(moments(statusOf(served, ready, later)), ['12:00', '12:00', '12:00', '12:00']);
});

test('the same standing gives the same status, and what is written is what is read back', () => {
  assert.equal(statusOf(served, ready, later), ready);
  assert.equal(readStatus(JSON.parse(JSON.stringify(ready))), ready);
  for (const other of [undefined, null, 'x', {}, { observedGeneration: 1 }, { ...ready, conditions: 'none' }]) {
    assert.is(readStatus(other), undefined);
  }
});

test('of the conditions those are read that we can have written, in their order', () => {
  const foreign = { type: 'example.com/Reviewed', status: 'True', lastTransitionTime: 'x', reason: 'Ok', message: '' };
  const read = (...conditions: readonly unknown[]) => readStatus({ ...ready, conditions });
  assert.equal(read(foreign, ...ready.conditions, { ...foreign, type: 'Other' }), ready);
  assert.equal(read(...ready.conditions.toReversed()), ready);
  assert.equal(read({ type: 'Accepted' }, null, 'Ready', ...ready.conditions.slice(1)), {
    ...ready,
    conditions: ready.conditions.slice(1),
  });
});

test.run();
