/**
 * Manifests in a YAML file as the source of the bundle: what the controller does with the API server's objects, with the
 * same `decide`. A file that cannot be read, is empty or is still being written keeps what was there.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { decide } from '../../pkg/controller/decide.ts';
import { readManifests } from '../../pkg/controller/read-manifests.ts';
import type { Verdict } from '../../pkg/controller/verdict.ts';
import { problemText } from '../../pkg/errors/problem.ts';
import { type Clock, sleep, systemClock } from '../../pkg/process/clock.ts';
import { watchDirectory } from '../../pkg/registry/directory-watch.ts';
import type { BundleTenant } from '../../pkg/tenant/bundle.ts';
import { writeBundle } from '../../pkg/tenant/bundle-directory.ts';

export interface ManifestSource {
  /** Writes the first bundle, then follows the file. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface ManifestSourceOptions {
  readonly file: string;
  readonly bundleDir: string;
  readonly clock?: Clock;
  log(line: string): void;
}

const pollIntervalMs = 1_000;
/** An editor empties a file and then fills it: one that changed has to stay the same for this long, within so many looks. */
const quiet = { ms: 50, looks: 20 } as const;

const complaints = ({ name, accepted, secretsResolved }: Verdict): readonly string[] =>
  [accepted, secretsResolved]
    .filter((finding) => !finding.ok)
    .map(({ reason, message }) => `DataActionConfig ${name}: ${reason}: ${message}`);

export const createManifestSource = ({
  file,
  bundleDir,
  clock = systemClock,
  log,
}: ManifestSourceOptions): ManifestSource => {
  const salt = randomUUID();
  let tenants: readonly BundleTenant[] = [];
  let lastText: string | undefined;
  let working: Promise<void> = Promise.resolve();
  let stopWatching = () => {};

  /** @returns undefined where there is nothing to read, or nobody stops writing */
  const readWhenQuiet = async (): Promise<string | undefined> => {
    let before = lastText;
    for (let look = 0; look < quiet.looks; look += 1) {
      const text = await readFile(file, 'utf8').catch(() => undefined);
      if (text === before || lastText === undefined) return text;
      before = text;
      await sleep(clock, quiet.ms);
    }
    return undefined;
  };

  const takeOver = async (): Promise<void> => {
    const text = await readWhenQuiet();
    if (text === undefined || text === lastText || text.trim() === '') return;
    const isFirst = lastText === undefined;
    lastText = text;
    const gathered = readManifests(text, salt);
    if (!gathered.ok) {
      for (const problem of gathered.problems) log(`${file}: ${problemText(problem)}`);
      return;
    }
    const decision = decide(gathered.value, tenants);
    for (const line of decision.verdicts.flatMap(complaints)) log(line);
    tenants = decision.tenants;
    const { revision, written } = await writeBundle(bundleDir, tenants, clock);
    if (!isFirst && written.length > 0) log(`configuration ${revision} written`);
  };

  const next = (): Promise<void> => {
    working = working
      .then(takeOver)
      .catch((error: unknown) => log(`${file}: ${error instanceof Error ? error.name : 'error'}`));
    return working;
  };

  return {
    start: async () => {
      await mkdir(bundleDir, { recursive: true, mode: 0o700 });
      await next();
      const onChange = (name: string | undefined) => void ((name === undefined || name === basename(file)) && next());
      stopWatching = watchDirectory({ dir: dirname(file), clock, pollIntervalMs, onChange }).stop;
    },
    stop: async () => {
      stopWatching();
      await working;
    },
  };
};
