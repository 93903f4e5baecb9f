/**
 * What the controller would say of manifests from files, problem by problem with its place. Pure.
 *
 * The same `decide` as the controller's, asked twice: with the Secrets that the files have, and with stand-ins for those
 * they lack. What only the first one misses is a note: keys seldom live where manifests do.
 */
import type { Problem } from '../errors/problem.ts';
import type { BundleTenant } from '../tenant/bundle.ts';
import { createConfigReader } from './candidate.ts';
import { decide } from './decide.ts';
import type { GatheredFiles, PlacedConfig, PlacedProblem } from './gather-manifests.ts';
import { located } from './manifest-file.ts';
import { withStandIns } from './stand-in-secrets.ts';
import type { Verdict } from './verdict.ts';

export interface Remark extends PlacedProblem {
  /** A note does not keep the manifests from being good. */
  readonly severity: 'problem' | 'note';
}

export interface Review {
  readonly remarks: readonly Remark[];
  /** Those that the controller would hand on, with stand-ins for keys that the files do not have. */
  readonly tenants: readonly ReviewedTenant[];
}

export interface ReviewedTenant {
  readonly tenant: BundleTenant;
  readonly config: PlacedConfig;
}

export const remarksOn = (
  config: PlacedConfig,
  severity: Remark['severity'],
  problems: readonly Problem[],
): readonly Remark[] => located(config, problems).map((problem) => ({ file: config.file, ...problem, severity }));

/** @returns what is wrong, and what is wrong only as long as nobody brings the Secrets */
const findingsOf = (actual: Verdict, ideal: Verdict | undefined) => {
  const wrong = [ideal?.accepted, ideal?.secretsResolved].flatMap((finding) => finding?.problems ?? []);
  const isWrong = ({ path, expected }: Problem) =>
    wrong.some((problem) => problem.path === path && problem.expected === expected);
  const missing = actual.secretsResolved.problems.filter((problem) => !isWrong(problem));
  // An object that is a duplicate has the same finding twice.
  return { wrong: wrong.filter((problem, at) => wrong.findIndex(same(problem)) === at), missing };
};

const same = (a: Problem) => (b: Problem) => a.path === b.path && a.expected === b.expected;

export const reviewManifests = ({ configs, secrets, problems, others }: GatheredFiles): Review => {
  const read = createConfigReader();
  const byKey = new Map(configs.flatMap((config) => (config.key === undefined ? [] : [[config.key, config]])));
  const manifests = [...byKey.values()].map(({ value }) => value);
  const actual = decide({ configs: manifests, secrets }, [], read);
  const standIns = withStandIns(manifests.map(read), secrets);
  const ideal = decide({ configs: manifests, secrets: standIns }, [], read);
  const placeOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }) =>
    byKey.get(`${namespace}/${name}`);

  const nameless = configs.flatMap((config) => {
    const { spec } = read(config.value);
    return config.key !== undefined || spec.ok ? [] : remarksOn(config, 'problem', spec.problems);
  });
  const judged = actual.verdicts.flatMap((verdict, at) => {
    const config = placeOf(verdict);
    const { wrong, missing } = findingsOf(verdict, ideal.verdicts[at]);
    return config ? [...remarksOn(config, 'problem', wrong), ...remarksOn(config, 'note', missing)] : [];
  });
  return {
    remarks: [
      ...problems.map((problem): Remark => ({ ...problem, severity: 'problem' })),
      ...others.map((other): Remark => ({ ...other, severity: 'note' })),
      ...nameless,
      ...judged,
    ],
    tenants: ideal.tenants.flatMap((tenant) => {
      const config = placeOf(tenant.source);
      return config ? [{ tenant, config }] : [];
    }),
  };
};
