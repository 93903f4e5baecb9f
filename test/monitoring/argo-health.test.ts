/**
 * The health check for Argo CD in docs/operate.md, run by a Lua of the version that Argo CD speaks (5.1), over statuses as the
 * controller writes them.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { statusOf } from '../../pkg/controller/conditions.ts';
import { decide } from '../../pkg/controller/decide.ts';
import type { TenantReport } from '../../pkg/tenant/report.ts';
import { findProgram } from '../services/kube-programs.ts';
import { testUnless } from '../services/test-unless.ts';

const lua = findProgram('lua5.1');
const testLua = testUnless(lua === undefined ? 'lua5.1 is not there: apt-get install lua5.1' : undefined);
const paper = readFileSync(join(import.meta.dirname, '../../docs/operate.md'), 'utf8');
const [, script = ''] = /^```lua [^\n]*\n(.*?)^```$/ms.exec(paper) ?? [];

/** As Lua writes it. Keys of ours are names, texts have no odd characters. */
const luaOf = (value: unknown): string => {
  if (Array.isArray(value)) return `{${value.map(luaOf).join(', ')}}`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, each]) => `[${JSON.stringify(key)}] = ${luaOf(each)}`)}}`;
};

/** @returns `status|message` */
const healthOf = (object: object): string => {
  const program = `local obj = ${luaOf(object)}
local function check()
${script}
end
local health = check()
io.write(health.status .. "|" .. health.message)`;
  const { stdout, stderr } = spawnSync(lua ?? '', ['-'], { input: program, encoding: 'utf8' });
  assert.is(stderr, '');
  return stdout;
};

const manifest = (spec: object = {}): object => ({
  apiVersion: 'dataactions.dev/v1alpha1',
  kind: 'DataActionConfig',
  metadata: { name: 'a', namespace: 'ns', uid: 'uid-a', generation: 2 },
  spec: { tenantId: 'acme', webhook: { secretRefs: [{ name: 's', key: 'current' }] }, ...spec },
});
const secrets = new Map([['ns/s', { version: '1', data: new Map([['current', Buffer.from('sixteen bytes!!!')]]) }]]);

/** With the status that the controller would write. */
const written = (
  { spec, withSecret = true }: { spec?: object; withSecret?: boolean },
  report?: Partial<TenantReport>,
): object => {
  const object = manifest(spec);
  const { verdicts, tenants } = decide({ configs: [object], secrets: withSecret ? secrets : new Map() }, []);
  const [verdict] = verdicts;
  const [tenant] = tenants;
  if (verdict === undefined) throw new Error('no verdict');
  const told: TenantReport | undefined = report && {
    tenantId: 'acme',
    revision: tenant?.revision ?? '0'.repeat(16),
    state: 'Applied',
    serving: true,
    reason: 'Applied',
    message: '',
    ...report,
  };
  return { ...object, status: statusOf({ verdict, tenant, report: told }, undefined, 0) };
};

const cases: Readonly<Record<string, readonly [object: object, health: RegExp]>> = {
  'no status yet': [manifest(), /^Progressing\|Waiting for the controller$/],
  'an older generation': [
    { ...written({}, {}), metadata: { name: 'a', generation: 3 } },
    /^Progressing\|Waiting for the controller$/,
  ],
  'nothing heard of the handler': [written({}), /^Progressing\|WaitingForHandler: /],
  served: [written({}, {}), /^Healthy\|Applied: /],
  suspended: [
    written({ spec: { suspend: true } }, { state: 'Suspended', reason: 'Suspended' }),
    /^Suspended\|Suspended: /,
  ],
  'a Secret to come': [written({ withSecret: false }), /^Progressing\|SecretNotFound: /],
  'a statement refused': [
    written({}, { state: 'Refused', reason: 'StatementRejected', message: 'no' }),
    /^Degraded\|StatementRejected: /,
  ],
  'no database': [
    written({}, { state: 'Waiting', reason: 'WaitingForDatabase', message: 'no' }),
    /^Progressing\|WaitingForDatabase: /,
  ],
  'not valid': [written({ spec: { limits: { burst: 'x' } } }), /^Degraded\|InvalidSpec: /],
};

for (const [title, [object, health]] of Object.entries(cases)) {
  testLua(`Argo CD: ${title}`, () => assert.match(healthOf(object), health));
}

test('the key in argocd-cm is that of the kind', () => {
  assert.match(paper, '```lua resource.customizations.health.dataactions.dev_DataActionConfig\n');
});

test.run();
