/**
 * `cxone-actions simulate`: behaves as Studio does when it calls data actions, and tells what a caller would have noticed.
 */
import { randomUUID } from 'node:crypto';
import { Agent } from 'undici';
import type { Parsed, Problem } from '../../../pkg/errors/problem.ts';
import { systemClock } from '../../../pkg/process/clock.ts';
import { requestLimits } from '../../../pkg/process/limits.ts';
import { defineCommand } from '../command.ts';
import { endpoint } from '../endpoint.ts';
import { required, UsageError } from '../flag.ts';
import { loadSigner } from '../signer.ts';
import { createCallMaker } from './call-maker.ts';
import { createCallerBreaker } from './caller-breaker.ts';
import { type Figures, figuresOf } from './figures.ts';
import { type LoadedScenario, loadScenario, loadScenarioFile } from './load-scenario.ts';
import { phaseOf } from './pacing.ts';
import { performCall } from './perform-call.ts';
import { progressText, showProgress } from './progress.ts';
import { createRandom } from './random.ts';
import { startRun } from './run.ts';
import { createSender } from './send-request.ts';
import { refuseScenarioFlags, type SimulateFlags, scenarioOfFlags, simulateFlags } from './simulate-flags.ts';
import { tableText } from './table.ts';
import { createTally } from './tally.ts';

const refuse = (where: string, problems: readonly Problem[]): never => {
  const lines = problems.map(({ path, expected }) => `  ${path === '' ? '' : `${path}: `}expected ${expected}`);
  throw new UsageError(`${where}\n${lines.join('\n')}`);
};

const loadedBy = async (flags: SimulateFlags): Promise<Parsed<LoadedScenario>> => {
  if (flags.scenario === undefined) return loadScenario(scenarioOfFlags(flags), '.');
  refuseScenarioFlags(flags);
  return loadScenarioFile(flags.scenario);
};

/** Ctrl-C ends the run, not the process: the figures so far are worth something. A second one ends the process. */
const endOnSignal = (end: AbortController): (() => void) => {
  const stop = () => end.abort();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop);
  return () => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, stop);
  };
};

/** @throws UsageError */
const prepare = async (flags: SimulateFlags) => {
  const url = endpoint(required(flags.url, 'url'));
  const tenantId = required(flags.tenant, 'tenant');
  const loaded = await loadedBy(flags);
  const where = flags.scenario === undefined ? 'scenario made of flags:' : `--scenario ${flags.scenario}:`;
  if (!loaded.ok) return refuse(where, loaded.problems);
  const { scenario, linesOf } = loaded.value;
  const random = createRandom(flags.seed ?? scenario.seed);
  const nextCall = createCallMaker(scenario, { tenantId, random, linesOf });
  if (!nextCall.ok) return refuse(where, nextCall.problems);
  return { url, scenario, nextCall: nextCall.value, sign: await loadSigner(flags) };
};

const simulateRun = async (flags: SimulateFlags): Promise<Figures> => {
  const { url, scenario, nextCall, sign } = await prepare(flags);
  const clock = systemClock;
  const end = new AbortController();
  const tally = createTally(scenario.steps.map(({ action }) => action));
  // Time-outs are the sender's.
  const connect = { timeout: requestLimits.timeoutHeaderMsMax };
  const dispatcher = new Agent({ pipelining: 1, headersTimeout: 0, bodyTimeout: 0, connect });
  const options = {
    clock,
    send: createSender({ url, clock, dispatcher, signal: end.signal }),
    sign,
    newId: randomUUID,
    timeoutMs: flags['timeout-ms'],
    policy: {
      repeats: flags.repeats,
      on: new Set(flags['repeat-on']),
      delayMs: flags['repeat-delay-ms'],
      honourRetryAfter: flags['honour-retry-after'] ?? false,
    },
    breaker: createCallerBreaker({
      clock,
      failures: flags['breaker-failures'],
      openMs: flags['breaker-open-ms'],
      hooks: {
        onOpen: () => {
          tally.breakerOpened += 1;
        },
      },
    }),
    tally,
    followMore: flags['follow-more'] ?? false,
    signal: end.signal,
  };
  const forget = endOnSignal(end);
  const began = clock.now();
  const run = startRun({
    clock,
    phases: scenario.phases.map(phaseOf),
    queueMax: flags.queue,
    nextCall,
    perform: (call, scheduledAt) => performCall(call, scheduledAt, options),
    tally,
    end,
  });
  const hide = showProgress(process.stderr, () => progressText(tally, run, clock.now() - began));
  try {
    await run.done;
  } finally {
    hide();
    forget();
    await dispatcher.destroy();
  }
  return figuresOf(tally, clock.now() - began);
};

export const simulate = defineCommand(
  {
    summary: 'call as Studio does, with repeats, queue and 32 KB cut, and tell what a caller would notice',
    usage:
      '--url URL --tenant ID (--scenario FILE | --action NAME --input JSON (--rate N | --concurrency N) (--duration SECONDS | --count N)) (--manifests FILE | --secret-file FILE)',
    about:
      'JSON bodies labelled as forms, a time-out, up to two repeats of a failed call, answers cut at 32 KB, 100 calls at once and a queue for more, a breaker on the URL.\n' +
      'Shows progress on standard error and ends with tables (or --json) on standard output; Ctrl-C ends it early with the figures so far.\n' +
      'Exit code 0 when every call was as expected, 1 when a caller would have noticed anything, 2 for wrong usage or a wrong scenario.',
    flags: simulateFlags,
    examples: [
      `cxone-actions simulate --url http://127.0.0.1:8080 -f deploy/examples/quickstart.yaml -t acme --rate 20 --duration 30 \\
    --action process_customer_batch \\
    --input '{"customer_ids":{"range":[1,2000],"text":"00000000-0000-4000-8000-############","items":[1,20]}}'`,
      'cxone-actions simulate --url http://127.0.0.1:8080 -f deploy/examples/quickstart.yaml -t acme --scenario deploy/examples/scenario.yaml',
      'cxone-actions simulate --url https://actions.example --secret-file webhook.key -t acme -s soak.yaml --follow-more --json > figures.json',
    ],
  },
  async ({ flags }) => {
    const figures = await simulateRun(flags);
    process.stdout.write(flags.json ? `${JSON.stringify(figures)}\n` : tableText(figures));
    return figures.ok ? 0 : 1;
  },
);
