/**
 * The test runner: `node test/run.ts unit|integration|all|cluster [--only SUBSTRING] [--jobs N] [--timeout-s N] [--docker-part]`.
 *
 * Strict where uvu alone is not: see test/runner/verdict.ts. `--docker-part` runs only the files that say
 * `// also over docker` in their head. `cluster` runs the stories of test/cluster, in the order of their names, on one whole cluster.
 */
import { globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { whyNoCluster } from './cluster/cluster-script.ts';
import { setUpCluster } from './cluster/set-up.ts';
import { describeFile, describeTotals } from './runner/print.ts';
import { endAllGroups } from './runner/run-file.ts';
import { addUp, type RunFilesOptions, runFiles, type Totals } from './runner/run-files.ts';
import { setUpServices } from './runner/set-up.ts';

const unitPatterns = ['pkg/**/*.test.ts', 'cmd/**/*.test.ts', 'test/{bench,lint,runner,services}/**/*.test.ts'];
const integrationPatterns = ['test/{integration,openapi,kubernetes,monitoring,chart}/**/*.test.ts'];
const clusterPatterns = ['test/cluster/*.test.ts'];
const unitTimeoutS = 120;
const integrationTimeoutS = 240;
const clusterTimeoutS = 600;

const usage =
  'usage: node test/run.ts unit|integration|all|cluster [--only SUBSTRING] [--jobs N] [--timeout-s N] [--docker-part]';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const readArguments = () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', default: '' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      'timeout-s': { type: 'string', default: '' },
      'docker-part': { type: 'boolean', default: false },
    },
  });
  const [which = ''] = positionals;
  const jobs = Number(values.jobs);
  const known = ['unit', 'integration', 'all', 'cluster'].includes(which) && positionals.length === 1;
  if (!known || !Number.isInteger(jobs) || jobs < 1 || !/^\d*$/.test(values['timeout-s'])) throw new Error(usage);
  return { which, jobs, only: values.only, timeoutS: Number(values['timeout-s']), dockerPart: values['docker-part'] };
};

const main = async (): Promise<Totals> => {
  const { which, jobs, only, timeoutS, dockerPart } = readArguments();
  const root = join(import.meta.dirname, '..');
  const find = (patterns: readonly string[]) =>
    globSync([...patterns], { cwd: root })
      .filter((file) => file.includes(only))
      .sort()
      .map((file) => join(root, file));
  const inDockerPart = (file: string) =>
    !dockerPart || /^\/\/ also over docker$/m.test(readFileSync(file, 'utf8').slice(0, 2_000));
  const unit = ['unit', 'all'].includes(which) ? find(unitPatterns).filter(inDockerPart) : [];
  const integration = ['integration', 'all'].includes(which) ? find(integrationPatterns).filter(inDockerPart) : [];
  const stories = which === 'cluster' ? find(clusterPatterns) : [];
  const onEnd = (result: Parameters<typeof describeFile>[0]) => say(describeFile(result));
  const shared = { jobs, onEnd };

  const parts: Totals[] = [];
  if (unit.length > 0) {
    parts.push(await runFiles(unit, { ...shared, timeoutS: timeoutS || unitTimeoutS, environment: process.env }));
  }
  if (integration.length > 0) {
    const { environment, failures } = await setUpServices(say);
    parts.push({ passed: 0, failed: failures.length, skipped: 0 });
    const options = { timeoutS: timeoutS || integrationTimeoutS, environment: { ...process.env, ...environment } };
    parts.push(await runFiles(integration, { ...shared, ...options }));
  }
  if (stories.length > 0) parts.push(await runStories(stories, { onEnd, timeoutS: timeoutS || clusterTimeoutS }));
  if (unit.length + integration.length + stories.length === 0)
    say(`no test file${only === '' ? '' : ` has "${only}" in its path`}`);
  return addUp(parts);
};

/** One after the other: they share the cluster. Without one they say what they leave out, which is no failure. */
const runStories = async (
  files: readonly string[],
  options: Pick<RunFilesOptions, 'onEnd' | 'timeoutS'>,
): Promise<Totals> => {
  const cluster = whyNoCluster() === undefined ? await setUpCluster(say) : undefined;
  try {
    return await runFiles(files, { ...options, jobs: 1, environment: { ...process.env, ...cluster?.environment } });
  } finally {
    cluster?.takeDown();
  }
};

process.on('exit', endAllGroups);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

try {
  const totals = await main();
  say(describeTotals(totals));
  process.exitCode = totals.failed > 0 || totals.passed + totals.skipped === 0 ? 1 : 0;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
