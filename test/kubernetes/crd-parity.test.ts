// time limit: 600 s
/**
 * What the API server refuses, the parser refuses, and the other way round: asked with manifests of all kinds, valid ones and
 * valid ones with one change.
 */
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type KubeApiServer, startKubeApiServer } from '../services/kube-api-server.ts';
import { installCrd } from '../services/kube-crd.ts';
import { whyNoKube } from '../services/kube-programs.ts';
import { testUnless } from '../services/test-unless.ts';
import { readSchema } from './crd-schema.ts';
import { everyKind, manifestOf, validSpecs } from './manifests.ts';
import { changesOf, changesOfKinds } from './mutations.ts';
import { parsersAlone } from './parsers-alone.ts';
import { placeholderCases } from './placeholder-cases.ts';
import { judge, type Verdict } from './verdicts.ts';

const testWithKube = testUnless(whyNoKube());
const random = { seed: 20_261_101, includeErrorInReport: true };
const atOnce = 8;

const start = async (): Promise<KubeApiServer> => {
  const kube = await startKubeApiServer();
  await installCrd(kube);
  return kube;
};
const starting = whyNoKube() === undefined ? start() : Promise.reject(new Error(whyNoKube()));
starting.catch(() => {});

const specSchema = readSchema().properties?.spec ?? {};

/** Judges them all. @returns how many got which verdict. @throws with the first few on which the two sides differ */
const judgeAll = async (cases: ReadonlyMap<string, string>): Promise<Readonly<Record<Verdict, number>>> => {
  const kube = await starting;
  const seen = { taken: 0, refused: 0, 'refused by the parser alone': 0, disagreement: 0 };
  const differences: string[] = [];
  const todo = [...cases];
  const work = async () => {
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const [spec, title] = next;
      const { verdict, reasons } = await judge(kube, manifestOf(JSON.parse(spec)));
      seen[verdict] += 1;
      if (verdict === 'disagreement') differences.push(`${title}: ${spec.slice(0, 2_000)}\n  ${reasons}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  assert.is(differences.slice(0, 10).join('\n'), '');
  return seen;
};

testWithKube('both take what is valid', () =>
  fc.assert(
    fc.asyncProperty(validSpecs, async (spec) => {
      const { verdict, reasons } = await judge(await starting, manifestOf(spec));
      assert.is(verdict, 'taken', reasons);
    }),
    { ...random, numRuns: 200 },
  ),
);

testWithKube('both judge alike every single change to an object with every kind of action', async () => {
  const changes = changesOfKinds(everyKind, specSchema);
  const seen = await judgeAll(new Map(changes.map(({ place, spec }) => [JSON.stringify(spec), place])));
  assert.ok(seen.taken > 200 && seen.refused > 1_000, JSON.stringify(seen));
});

testWithKube('both judge alike any object with one change', async () => {
  const changed = fc.tuple(validSpecs, fc.nat()).map(([spec, which]) => {
    const changes = changesOf(spec, specSchema);
    return changes[which % changes.length];
  });
  await fc.assert(
    fc.asyncProperty(changed, async (change) => {
      const { verdict, reasons } = await judge(await starting, manifestOf(change?.spec));
      assert.is.not(verdict, 'disagreement', `${change?.place}: ${reasons}`);
    }),
    { ...random, numRuns: 400 },
  );
});

testWithKube('both count placeholders alike, with as many parameters as may be', async () => {
  const seen = await judgeAll(placeholderCases());
  assert.ok(seen.taken >= 21 && seen.refused > 100, JSON.stringify(seen));
});

for (const { title, broken } of parsersAlone) {
  testWithKube(`only the controller says: ${title}`, async () => {
    const kube = await starting;
    for (const fields of broken) {
      const { verdict, reasons } = await judge(kube, manifestOf({ ...everyKind, ...fields }));
      assert.is(verdict, 'refused by the parser alone', `${JSON.stringify(fields)}: ${reasons}`);
    }
  });
}

test.run();
