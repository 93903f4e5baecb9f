/**
 * `npm run bench [-- flags]`: this service against its peers on this machine. Compare figures of one run only.
 *
 * Rounds of all variants are interleaved, ratios are taken within a round. Flags narrow it down: see `flags`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkAnswers } from './check-answers.ts';
import { commit, machine } from './machine.ts';
import { createMeasurer } from './measure.ts';
import { runOpenLoop } from './open-loop.ts';
import { type AuditMode, auditModes, type Scenario, scenarios } from './scenarios.ts';
import { setStage } from './stage.ts';
import { type Run, summarize } from './summary.ts';
import { closedTable, type OpenRun, openTable } from './tables.ts';
import { isComparable, isEcho, variantNames } from './variants.ts';

const flags = {
  /** Scenarios by name, or by what their names begin with: `warm`, `cold-1`. */
  scenarios: { type: 'string', default: '' },
  variants: { type: 'string', default: variantNames.join() },
  audit: { type: 'string', default: auditModes.join() },
  callers: { type: 'string', default: '32' },
  /** Requests a second for the open loop, by comma; none: no open loop. */
  rates: { type: 'string', default: '' },
  /** Milliseconds that a round trip to PostgreSQL takes longer. */
  'added-ms': { type: 'string', default: '0' },
  /** Another checkout, to compare with as the variant `baseline`. */
  baseline: { type: 'string', default: '' },
  /** The service's: `info` is a line for each request, as it is shipped; the peers write none. */
  'log-level': { type: 'string', default: 'warn' },
  rounds: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '3' },
  json: { type: 'string', default: join(import.meta.dirname, '../../bench-results/bench.json') },
} as const;

const { values: chosen } = parseArgs({ options: flags });
const listOf = (text: string): readonly string[] => text.split(',').filter((part) => part !== '');
const numbersOf = (text: string): readonly number[] => listOf(text).map(Number);

const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Case {
  readonly scenario: Scenario;
  readonly audit: AuditMode;
  readonly callers: number;
  readonly addedMs: number;
}

const cases: readonly Case[] = scenarios
  .filter(
    ({ name }) =>
      chosen.scenarios === '' || listOf(chosen.scenarios).some((part) => name === part || name.startsWith(`${part}-`)),
  )
  .flatMap((scenario) =>
    auditModes
      .filter((audit) => listOf(chosen.audit).includes(audit))
      .flatMap((audit) =>
        numbersOf(chosen.callers).flatMap((callers) =>
          numbersOf(chosen['added-ms']).map((addedMs) => ({ scenario, audit, callers, addedMs })),
        ),
      ),
  );

const names = variantNames
  .filter((name) => listOf(chosen.variants).includes(name))
  .filter((name) => name !== 'baseline' || chosen.baseline !== '');
const withDelays = numbersOf(chosen['added-ms']).some((ms) => ms > 0);
const serviceEnv = { LOG_LEVEL: chosen['log-level'] };
const stage = await setStage({ variants: names, withDelays, baseline: chosen.baseline, serviceEnv });
say(`machine   ${machine()}`);
say(`commit    ${commit()}`);
say(
  `services  PostgreSQL (fsync, synchronous_commit on), Redis; ${stage.pinned ? 'variants on a core of their own' : 'nothing pinned'}`,
);
say(`log       LOG_LEVEL=${chosen['log-level']}, of the service; the peers have none`);
say(`load      wrk, closed loop, ${chosen.rounds} rounds of ${chosen.seconds} s\n`);

const measure = createMeasurer(stage);
const runs: Run[] = [];
for (const variant of stage.variants) {
  if (isEcho(variant.name)) continue;
  for (const { scenario, audit } of cases) {
    if (isComparable(variant.name, scenario)) await checkAnswers(variant, scenario, audit);
  }
}
// The first round is for the compilers.
for (let round = 0; round <= Number(chosen.rounds); round += 1) {
  for (const one of cases) {
    await stage.addDelay(one.addedMs);
    for (const variant of stage.variants.filter((variant) => isComparable(variant.name, one.scenario))) {
      const figures = await measure({ ...one, variant, seconds: round === 0 ? 1 : Number(chosen.seconds) });
      if (round > 0) runs.push({ ...one, round, variant: variant.name, scenario: one.scenario.name, figures });
    }
  }
}
const rows = summarize(runs);
say(closedTable(rows));

const openLoop: OpenRun[] = [];
for (let round = 1; round <= Number(chosen.rounds); round += 1) {
  for (const one of cases) {
    await stage.addDelay(one.addedMs);
    for (const perSecond of numbersOf(chosen.rates)) {
      for (const variant of stage.variants.filter((variant) => isComparable(variant.name, one.scenario))) {
        const result = await runOpenLoop({ url: variant.url, ...one, perSecond, seconds: Number(chosen.seconds) });
        openLoop.push({ ...one, round, variant: variant.name, scenario: one.scenario.name, perSecond, result });
      }
    }
  }
}
if (openLoop.length > 0) say(`\nopen loop, latency from the appointed time\n${openTable(openLoop)}`);
mkdirSync(join(chosen.json, '..'), { recursive: true });
writeFileSync(
  chosen.json,
  `${JSON.stringify({ machine: machine(), commit: commit(), flags: chosen, rows, runs, openLoop }, undefined, 1)}\n`,
);
say(`\nwritten to ${chosen.json}`);
await stage.close();
process.exit(0);
