/** What a run needs, from the flags: where to, what, and who signs. Everything that can be wrong with them is found before the first call. */
import type { Parsed } from '../../../pkg/errors/problem.ts';
import { endpoint } from '../endpoint.ts';
import { required } from '../flag.ts';
import { refuse } from '../refuse.ts';
import { loadSigner } from '../signer.ts';
import { createCallMaker } from './call-maker.ts';
import { type LoadedScenario, loadScenario, loadScenarioFile } from './load-scenario.ts';
import { createRandom } from './random.ts';
import { refuseScenarioFlags, type SimulateFlags, scenarioOfFlags } from './simulate-flags.ts';

const loadedBy = async (flags: SimulateFlags): Promise<Parsed<LoadedScenario>> => {
  if (flags.scenario === undefined) return loadScenario(scenarioOfFlags(flags), '.');
  refuseScenarioFlags(flags);
  return loadScenarioFile(flags.scenario);
};

/** @throws UsageError with every problem of the scenario by path */
export const prepareRun = async (flags: SimulateFlags) => {
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
