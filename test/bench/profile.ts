/**
 * `npm run profile -- SCENARIO [--audit MODE] [--callers N] [--seconds N]`: where the handler's CPU goes under one scenario.
 *
 * Writes V8's profile (for speedscope or DevTools) and a flame graph as SVG, and prints the functions that take most by themselves.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../../cmd/dev/free-port.ts';
import { flameGraph } from './flame-graph.ts';
import { createMeasurer } from './measure.ts';
import { connectProfiler } from './profiler.ts';
import { auditModes, scenarios } from './scenarios.ts';
import { setStage } from './stage.ts';

const functionsShown = 40;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    audit: { type: 'string', default: 'DatabaseReads' },
    callers: { type: 'string', default: '32' },
    seconds: { type: 'string', default: '5' },
  },
});
const scenario = scenarios.find(({ name }) => name === positionals[0]);
const audit = auditModes.find((mode) => mode === values.audit);
if (!scenario || !audit) {
  throw new Error(
    `usage: npm run profile -- ${scenarios.map(({ name }) => name).join('|')} [--audit ${auditModes.join('|')}]`,
  );
}

const folder = join(import.meta.dirname, '../../bench-results/profile');
mkdirSync(folder, { recursive: true });
const inspectorPort = await freePort();
const stage = await setStage({
  variants: ['service'],
  serviceEnv: { NODE_OPTIONS: `--inspect=127.0.0.1:${inspectorPort}` },
});
const [service] = stage.variants;
if (!service) throw new Error('the service did not start');
const measure = createMeasurer(stage);
const load = { variant: service, scenario, audit, callers: Number(values.callers) };
await measure({ ...load, seconds: 2 });
const profiler = await connectProfiler(inspectorPort);
await profiler.start();
const figures = await measure({ ...load, seconds: Number(values.seconds) });
const profile = await profiler.stop();
await stage.close();

const { svg, self } = flameGraph(profile);
const file = join(folder, `${scenario.name}-${audit}`);
writeFileSync(`${file}.cpuprofile`, profile);
writeFileSync(`${file}.svg`, svg);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
say(
  `${scenario.name}, ${audit}: ${figures.requestsPerSecond.toFixed(0)} requests/s, ${figures.serviceUs.toFixed(0)} µs CPU each`,
);
for (const [name, share] of self.slice(0, functionsShown)) say(`${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
say(`written to ${file}.svg and .cpuprofile`);
process.exit(0);
