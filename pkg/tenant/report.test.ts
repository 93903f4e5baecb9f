import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ConfigReport, decodeReport, encodeReport } from './report.ts';

const report: ConfigReport = {
  schema: 1,
  revision: '0123456789abcdef',
  appliedAt: '2026-01-01T00:00:00.000Z',
  tenants: [
    { tenantId: 'a', revision: '0'.repeat(16), state: 'Applied', serving: true, reason: 'Applied', message: '' },
    {
      tenantId: 'b',
      revision: '1'.repeat(16),
      state: 'Refused',
      serving: true,
      reason: 'StatementRejected',
      message: 'x',
    },
  ],
};

test('a report survives its text', () => {
  assert.equal(decodeReport(encodeReport(report)), { ok: true, value: report });
});

test('a report that is not as declared is refused', () => {
  const [tenant] = report.tenants;
  const wrong: readonly unknown[] = [
    null,
    { ...report, schema: 2 },
    { ...report, revision: 'x' },
    { ...report, surprise: 1 },
    { ...report, tenants: [{ ...tenant, reason: 'Other' }] },
    { ...report, tenants: [{ ...tenant, state: 'Other' }] },
    { ...report, tenants: [{ ...tenant, message: 'x'.repeat(1025) }] },
  ];
  for (const value of wrong) assert.not(decodeReport(JSON.stringify(value)).ok, JSON.stringify(value));
  assert.not(decodeReport('{').ok);
});

test.run();
