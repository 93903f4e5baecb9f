/**
 * `cxone-actions simulate`: behaves as Studio does when it calls data actions, and tells what a caller would have noticed.
 */
import { defineCommand } from '../command.ts';
import { prepareRun } from './prepare-run.ts';
import { runSimulation } from './run-simulation.ts';
import { simulateFlags } from './simulate-flags.ts';
import { tableText } from './table.ts';

export const simulate = defineCommand(
  {
    summary: 'call as Studio does, with repeats, queue and 32 KB cut, and tell what a caller would notice',
    usage:
      '--url URL --tenant ID (--scenario FILE | --action NAME --input JSON (--rate N | --concurrency N) (--duration SECONDS | --count N)) (--manifests FILE | --secret-file FILE)',
    about:
      'JSON bodies labelled as forms, a time-out, up to two repeats of a failed call, answers cut at 32 KB, 100 calls at once and a queue for more, a breaker.\n' +
      'Shows progress on standard error and ends with tables (or --json) on standard output; Ctrl-C ends it early with the figures so far.\n' +
      'Exit code 0 when every call was as expected, 1 when a caller would have noticed anything, 2 for wrong usage or a wrong scenario.',
    flags: simulateFlags,
    examples: [
      `cxone-actions simulate --url http://127.0.0.1:8080 -f deploy/examples/quickstart.yaml -t acme --rate 20 --duration 30 \\
    --action process_customer_batch \\
    --input '{"customer_ids":{"range":[1,2000],"text":"00000000-0000-4000-8000-############","items":[1,20]}}'`,
      'cxone-actions simulate --url http://127.0.0.1:8080 -f deploy/examples/quickstart.yaml -t acme --scenario deploy/examples/caller/scenario.yaml',
      'cxone-actions simulate --url https://actions.example --secret-file webhook.key -t acme -s soak.yaml --follow-more --json > figures.json',
    ],
  },
  async ({ flags }) => {
    const figures = await runSimulation(flags, await prepareRun(flags));
    process.stdout.write(flags.json ? `${JSON.stringify(figures)}\n` : tableText(figures));
    return figures.ok ? 0 : 1;
  },
);
