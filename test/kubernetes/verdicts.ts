/**
 * What the API server and the parser say to one and the same manifest.
 */
import { parseDataActionConfig } from '../../pkg/tenant/data-action-config.ts';
import type { KubeApiServer } from '../services/kube-api-server.ts';
import { configsPath } from '../services/kube-crd.ts';
import { textsOf } from './mutations.ts';
import { isParsersAlone } from './parsers-alone.ts';

export type Verdict = 'taken' | 'refused' | 'refused by the parser alone' | 'disagreement';

export interface Judged {
  readonly verdict: Verdict;
  /** Both sides' reasons. */
  readonly reasons: string;
}

/** @returns why the API server refuses it, or undefined; nothing is kept */
const askServer = async (kube: KubeApiServer, manifest: unknown): Promise<string | undefined> => {
  const path = `${configsPath('default')}?dryRun=All&fieldValidation=Strict`;
  const { status, body } = await kube.ask(path, { method: 'POST', body: manifest });
  if (status === 201) return undefined;
  if (status === 400 || status === 422) return String(body.message);
  throw new Error(`the API server answered ${status}: ${JSON.stringify(body)}`);
};

export const judge = async (kube: KubeApiServer, manifest: unknown): Promise<Judged> => {
  const reason = await askServer(kube, manifest);
  // The parser gets it from JSON, as the API server does.
  const read = parseDataActionConfig(JSON.parse(JSON.stringify(manifest)));
  const problems = read.ok ? [] : read.problems;
  const reasons = `the API server: ${reason ?? 'taken'}; the parser: ${read.ok ? 'taken' : JSON.stringify(problems)}`;
  const verdict = (): Verdict => {
    if (reason !== undefined) return read.ok ? 'disagreement' : 'refused';
    if (read.ok) return 'taken';
    const texts = textsOf(manifest);
    return problems.every((problem) => isParsersAlone(problem, texts)) ? 'refused by the parser alone' : 'disagreement';
  };
  return { verdict: verdict(), reasons };
};
