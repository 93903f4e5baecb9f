/**
 * `npm run bench:scale [-- --only tenants,callers --seconds N --rounds N]`: what the service's cost grows with, one curve for each question.
 *
 * Writes `bench-results/scale.json`, where a curve stays until it is measured again, and from it alone draws the plots in `docs/performance`
 * (`--plots-only`: draws them, measures nothing).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { commit, machine } from '../machine.ts';
import { createLoadMeasurer } from '../measure-load.ts';
import { plotSvg } from '../plot.ts';
import { setStage } from '../stage.ts';
import { batches } from './batches.ts';
import { body } from './body.ts';
import { callers } from './callers.ts';
import type { Bench, Curve } from './curve.ts';
import { overload } from './overload.ts';
import { createServiceStarter } from './service.ts';
import { slowTenantCurve } from './slow-tenant.ts';
import { startCurve } from './start.ts';
import { tenants } from './tenants.ts';

const curves: readonly Curve<object>[] = [tenants, callers, body, slowTenantCurve, overload, startCurve, batches];

interface Measured {
  readonly machine: string;
  readonly commit: string;
  readonly at: string;
  readonly seconds: number;
  readonly rounds: number;
  readonly rows: readonly object[];
}

const root = join(import.meta.dirname, '../../..');
const plotsFolder = join(root, 'docs/performance');

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: curves.map(({ name }) => name).join() },
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '2' },
    json: { type: 'string', default: join(root, 'bench-results/scale.json') },
    'plots-only': { type: 'boolean', default: false },
  },
});
const [seconds, rounds] = [Number(flags.seconds), Number(flags.rounds)];
const wanted = flags.only.split(',').map((name) => {
  const found = curves.find((curve) => curve.name === name);
  if (!found) throw new Error(`--only: expected some of ${curves.map((curve) => curve.name).join()}`);
  return found;
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const read = (): Record<string, Measured> =>
  existsSync(flags.json) ? (JSON.parse(readFileSync(flags.json, 'utf8')) as Record<string, Measured>) : {};

const keep = (name: string, rows: readonly object[]): void => {
  const at = new Date().toISOString();
  const all = { ...read(), [name]: { machine: machine(), commit: commit(), at, seconds, rounds, rows } };
  mkdirSync(join(flags.json, '..'), { recursive: true });
  writeFileSync(flags.json, `${JSON.stringify(all, undefined, 1)}\n`);
};

const draw = (curve: Curve<object>): void => {
  const measured = read()[curve.name];
  if (!measured) return;
  mkdirSync(plotsFolder, { recursive: true });
  for (const [name, plot] of Object.entries(curve.plots(measured.rows))) {
    writeFileSync(join(plotsFolder, `${name}.svg`), plotSvg(plot));
  }
};

const measure = async (): Promise<void> => {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  const stage = await setStage({ variants: [], withDelays: true });
  const bench: Bench = {
    stage,
    startService: createServiceStarter(stage),
    measureLoad: createLoadMeasurer(stage),
    seconds,
    rounds,
  };
  say(`machine   ${machine()}`);
  say(`commit    ${commit()}`);
  say(
    `before    load average ${loadavg()
      .map((load) => load.toFixed(1))
      .join(', ')}`,
  );
  say(
    `services  PostgreSQL (fsync, synchronous_commit on), Redis; ${stage.pinned ? 'handler on a core of its own' : 'nothing pinned'}`,
  );
  for (const curve of wanted) {
    const began = performance.now();
    const rows = await curve.measure(bench);
    keep(curve.name, rows);
    const took = ((performance.now() - began) / 1_000).toFixed(0);
    say(`\n${curve.name} (${took} s)\n${curve.table(rows)}`);
  }
  await stage.close();
};

if (!flags['plots-only']) await measure();
for (const curve of wanted) draw(curve);
say(`\nplots in ${plotsFolder}`);
process.exit(0);
