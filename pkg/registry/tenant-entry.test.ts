import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleTenants, compileStandIn, lookupOf } from '../../test/services/registry.ts';
import type { TenantOptions } from '../../test/services/tenants.ts';
import { refused } from '../errors/problem.ts';
import { bundleLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createAdmission } from '../resilience/admission.ts';
import type { BundleTenant } from '../tenant/bundle.ts';
import { decodeReport, encodeReport } from '../tenant/report.ts';
import type { StatementsVerdict } from './statement-checks.ts';
import { isSettled, settleEntry, type TenantEntry, takeKeys } from './tenant-entry.ts';

const wanted = (column: string, options: Partial<TenantOptions> = {}): BundleTenant => {
  const [tenant] = bundleTenants([{ tenantId: 'acme', ...options, spec: { ...lookupOf(column), ...options.spec } }]);
  if (!tenant) throw new Error('no tenant');
  return tenant;
};

type Said = 'accepted' | 'rejected' | 'unknown' | 'invalid';
const verdicts: Readonly<Record<Said, StatementsVerdict>> = {
  accepted: { verdict: 'accepted' },
  rejected: { verdict: 'rejected', path: 'spec.actions[0].lookup.statement', sqlState: '42P01' },
  unknown: { verdict: 'unknown' },
  invalid: { verdict: 'accepted' },
};
const named: string[] = [];
const labelOf = (tenantId: string) => {
  named.push(tenantId);
  return { text: `label of ${tenantId}` };
};
const admission = createAdmission(createManualClock(), wanted('name').limits);

const settle = (entry: TenantEntry, said: Said): TenantEntry => {
  const compiled =
    said === 'invalid' ? refused([{ path: 'spec.actions[0]', expected: 'x' }]) : compileStandIn(entry.wanted);
  return settleEntry(entry, compiled, { verdict: verdicts[said], admission, labelOf });
};

const change = (before: TenantEntry | undefined, tenant: BundleTenant, said: Said): TenantEntry =>
  settle(takeKeys(before, tenant), said);

const v1 = wanted('name');
const v2 = wanted('status');
const absent = change(undefined, v1, 'rejected');
const provisional = change(undefined, v1, 'unknown');
const good = change(undefined, v1, 'accepted');

/** From where, what PostgreSQL says of the next configuration, where to, on which configuration, and the reason. */
const table: readonly (readonly [
  string,
  TenantEntry | undefined,
  Said,
  TenantEntry['standing'],
  BundleTenant | undefined,
  string,
])[] = [
  ['nothing', undefined, 'accepted', 'good', v2, 'Applied'],
  ['nothing', undefined, 'unknown', 'provisional', v2, 'WaitingForDatabase'],
  ['nothing', undefined, 'rejected', 'absent', undefined, 'StatementRejected'],
  ['nothing', undefined, 'invalid', 'absent', undefined, 'InvalidSpec'],
  ['absent', absent, 'accepted', 'good', v2, 'Applied'],
  ['absent', absent, 'unknown', 'provisional', v2, 'WaitingForDatabase'],
  ['absent', absent, 'rejected', 'absent', undefined, 'StatementRejected'],
  ['absent', absent, 'invalid', 'absent', undefined, 'InvalidSpec'],
  ['provisional', provisional, 'accepted', 'good', v2, 'Applied'],
  ['provisional', provisional, 'unknown', 'provisional', v2, 'WaitingForDatabase'],
  ['provisional', provisional, 'rejected', 'absent', undefined, 'StatementRejected'],
  ['provisional', provisional, 'invalid', 'absent', undefined, 'InvalidSpec'],
  ['good', good, 'accepted', 'good', v2, 'Applied'],
  ['good', good, 'unknown', 'good', v1, 'WaitingForDatabase'],
  ['good', good, 'rejected', 'good', v1, 'StatementRejected'],
  ['good', good, 'invalid', 'good', v1, 'InvalidSpec'],
];

for (const [from, before, said, standing, serves, reason] of table) {
  test(`${from}, ${said} -> ${standing}${serves ? `, serves the ${serves === v1 ? 'old' : 'new'} one` : ''}`, () => {
    const after = change(before, v2, said);
    assert.is(after.standing, standing);
    assert.is(after.live?.revision, serves?.revision);
    assert.is(after.report.reason, reason);
    assert.is(after.report.revision, v2.revision, 'the report speaks of the newest configuration');
    assert.is(after.report.serving, serves !== undefined);
    assert.is(isSettled(after), reason === 'Applied');
  });
}

for (const [said, standing] of [
  ['accepted', 'good'],
  ['rejected', 'absent'],
  ['unknown', 'provisional'],
] as const) {
  test(`a provisional one that PostgreSQL is asked about again: ${said} -> ${standing}`, () => {
    assert.is(settle(provisional, said).standing, standing);
  });
}

const rotated = wanted('missing', { secrets: ['the-newer-secret-of-acme', 'a-secret-for-tests-of-acme'] });

for (const said of ['rejected', 'unknown', 'invalid'] as const) {
  test(`keys take effect at once and stay, the rest being ${said}`, () => {
    const taken = takeKeys(good, rotated);
    assert.is(taken.live?.keyRing?.keys.length, 2);
    assert.is(taken.live?.compiled, good.live?.compiled);
    assert.is(settle(taken, said).live?.keyRing?.keys.length, 2);
  });

  test(`suspend takes effect at once and stays, the rest being ${said}; its end too`, () => {
    const suspended = takeKeys(good, wanted('missing', { spec: { suspend: true } }));
    assert.is(suspended.live?.keyRing, undefined);
    assert.not(suspended.report.serving);
    const settled = settle(suspended, said);
    assert.is(settled.live?.keyRing, undefined);
    assert.is(takeKeys(settled, rotated).live?.keyRing?.keys.length, 2);
  });
}

test('a secret that cannot be a key of its scheme refuses the change, says where, and leaves the last good keys', () => {
  const tenant = wanted('name', { spec: { webhook: { scheme: 'HmacTimestampBody' } } });
  const unfit: BundleTenant = { ...tenant, webhook: { ...tenant.webhook, scheme: 'StandardWebhooks' } };
  const taken = takeKeys(good, unfit);
  assert.is(taken.live?.keyRing, good.live?.keyRing);
  const { live, report, standing } = settle(taken, 'accepted');
  assert.is(live, good.live);
  assert.equal([standing, report.state, report.reason, report.serving], ['good', 'Refused', 'InvalidSpec', true]);
  assert.match(report.message, /^spec\.webhook\.secretRefs\[0\]: expected whsec_ /);
  assert.is(change(undefined, unfit, 'accepted').live, undefined);
});

test('a suspended tenant that is fine otherwise is reported as Suspended and not served', () => {
  const { report, live } = change(good, wanted('name', { spec: { suspend: true } }), 'accepted');
  assert.equal([report.state, report.reason, report.serving], ['Suspended', 'Suspended', false]);
  assert.is(live?.keyRing, undefined);
});

test('metrics call a tenant by its new label once it is live by what it wants, and by the old one until then', () => {
  named.length = 0;
  for (const said of ['rejected', 'invalid', 'unknown'] as const) {
    assert.is(change(good, v2, said).live?.label, good.live?.label);
  }
  assert.is(change(undefined, v1, 'rejected').live, undefined);
  assert.equal(named, []);
  assert.is(change(good, v2, 'accepted').live?.label.text, 'label of acme');
  assert.equal(named, ['acme']);
});

test('a rejection names the path and the SQLSTATE, and nothing of the statement', () => {
  const { message } = change(undefined, wanted('secret_column'), 'rejected').report;
  assert.match(message, 'spec.actions[0].lookup.statement');
  assert.match(message, '42P01');
  assert.not.match(message, 'secret_column');
});

test('many problems make a message that a report can carry', () => {
  const problems = Array.from({ length: 50 }, (_, index) => ({
    path: `spec.actions[${index}]`,
    expected: 'x'.repeat(80),
  }));
  const { report } = settleEntry(takeKeys(undefined, v1), refused(problems), {
    verdict: verdicts.accepted,
    admission,
    labelOf,
  });
  assert.is(report.message.length, bundleLimits.messageCharactersMax);
  const text = encodeReport({ schema: 1, revision: v1.revision, appliedAt: '2026-01-01T00:00:00Z', tenants: [report] });
  assert.ok(decodeReport(text).ok);
});

test.run();
