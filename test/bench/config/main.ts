/**
 * `npm run bench:config [-- --tenants 1,100,1000,10000 --changes N --rounds N --seconds N --callers N --rate N]`: what a change of the
 * configuration takes and costs, by the number of tenants, and what callers notice of many.
 *
 * Real API server, etcd and PostgreSQL; handler and controller as `npm run build` makes them. All of it on one machine, so compare figures
 * of one run only. Also written to `.data/bench/config.json`. `--profile DIR` has both processes write CPU profiles there.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareDatabase } from '../../services/database.ts';
import { whyNoKube } from '../../services/kube-programs.ts';
import { startPostgres } from '../../services/postgres.ts';
import { startTenantCluster, type TenantCluster, useNamespace } from '../../services/tenant-cluster.ts';
import { commit, machine } from '../machine.ts';
import { measureApplyToAnswer } from './apply-to-answer.ts';
import { startBenchPod } from './bench-pod.ts';
import { measureCostOfChange } from './cost-of-change.ts';
import { costTable, loadTable, type SizeFigures, sizesTable } from './print.ts';
import { memoryOf } from './process-figures.ts';
import { busyCustomers, busyTenant, createBusyTenant, createTenants } from './tenants.ts';
import { measureUnderLoad } from './under-load.ts';

const { values: flags } = parseArgs({
  options: {
    tenants: { type: 'string', default: '1,100,1000,10000' },
    changes: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    callers: { type: 'string', default: '16' },
    rate: { type: 'string', default: '100' },
    profile: { type: 'string' },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const why = whyNoKube();
if (why !== undefined) {
  say(why);
  process.exit(2);
}

const sizes = flags.tenants
  .split(',')
  .map(Number)
  .sort((a, b) => a - b);
const changes = Number(flags.changes);
const tenantsElsewhere = 100;

const profiled = (name: string): Readonly<Record<string, string>> =>
  flags.profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${join(flags.profile, name)}` };
const env = { controller: profiled('controller'), handler: profiled('handler') };

const postgres = await startPostgres({ fsync: 'on', full_page_writes: 'on' });
const database = await prepareDatabase(postgres);
await database.sql(`
  INSERT INTO customers (tenant_id, id, name, status)
  SELECT 't-' || n, '00000000-0000-4000-8000-000000000001'::uuid, 'Customer', 'active'
  FROM generate_series(0, ${(sizes.at(-1) ?? 1) - 1}) AS n
  UNION ALL
  SELECT '${busyTenant}', ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Customer ' || n, 'active'
  FROM generate_series(1, ${busyCustomers}) AS n`);
await database.sql('VACUUM ANALYZE customers');
const kube = await startTenantCluster();
const here = await useNamespace(kube, 'here');
const elsewhere = await useNamespace(kube, 'elsewhere');
await createTenants(elsewhere, 0, tenantsElsewhere);
await createBusyTenant(here);

say(`machine   ${machine()}`);
say(`commit    ${commit()}`);
say('services  kube-apiserver, etcd (no fsync), PostgreSQL (fsync on), no Redis');
say("change    another statement for a tenant's action\n");

const measureSize = async (cluster: TenantCluster, tenants: number, isLast: boolean) => {
  const pod = await startBenchPod(cluster, database.url, env);
  await pod.untilAtRest();
  const applyToAnswer = await measureApplyToAnswer(cluster, pod, { tenants, changes });
  await pod.untilAtRest();
  const cost = await measureCostOfChange(cluster, pod, { tenants, changes });
  const memory = { controller: memoryOf(pod.controllerPid), handler: memoryOf(pod.handlerPid) };
  const load = isLast
    ? await measureUnderLoad(pod, {
        here,
        elsewhere,
        tenants,
        tenantsElsewhere,
        rounds: Number(flags.rounds),
        seconds: Number(flags.seconds),
        callers: Number(flags.callers),
        changesPerSecond: Number(flags.rate),
      })
    : undefined;
  await pod.stop();
  return { figures: { tenants, firstBundleMs: pod.firstBundleMs, applyToAnswer, cost, memory }, load };
};

const figures: SizeFigures[] = [];
let load: Awaited<ReturnType<typeof measureSize>>['load'];
let there = 0;
for (const tenants of sizes) {
  await createTenants(here, there, tenants);
  there = tenants;
  const measured = await measureSize(here, tenants, tenants === sizes.at(-1));
  figures.push(measured.figures);
  load = measured.load;
  say(`${sizesTable([measured.figures])}\n`);
}
say(`${sizesTable(figures)}\n`);
say(`${costTable(figures)}\n`);
if (load)
  say(`${sizes.at(-1)} tenants, ${flags.callers} callers in a closed loop, cached answers:\n${loadTable(load)}`);

const folder = join(import.meta.dirname, '../../../.data/bench');
mkdirSync(folder, { recursive: true });
const result = { machine: machine(), commit: commit(), at: new Date().toISOString(), changes, figures, load };
writeFileSync(join(folder, 'config.json'), `${JSON.stringify(result, undefined, 2)}\n`);
process.exit(0);
