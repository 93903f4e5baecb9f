/**
 * A contact centre that does not care what its operators are doing: look-ups and changes, through Service and Ingress, on kept connections
 * and on new ones, without a pause long enough to hide anything. Whatever is not a 200 is lost.
 */
import * as assert from 'uvu/assert';
import { type Load, startLoad } from '../services/load.ts';
import { type Caller, createCaller, firstKey, type Place, throughIngress, throughService } from './caller.ts';
import { eventually } from './kubectl.ts';

/** What one group of callers did. */
interface Group {
  readonly name: string;
  readonly caller: Caller;
  readonly load: Load;
}

/** To be had by `await using`: a story that fails in the middle ends it too. */
export interface Busy extends AsyncDisposable {
  /** From now on sign with this. */
  useKey(key: string): void;
  /** Resolves when every group has had so many more answers. */
  goOn(): Promise<void>;
  /** Ends it. @throws what was lost, if anything was     @returns how many were answered */
  lostNothing(): Promise<number>;
}

/** Of one caller, between an answer and its next call: together some hundreds of calls a second. */
const pauseMs = 20;
const moreAnswers = 30;
const lossesShown = 12;

const idempotencyFree = { action: 'set_customer_status', input: { status: 'active' } } as const;

interface Kind {
  readonly name: string;
  readonly place: Place;
  readonly connections: 'kept' | 'new';
  readonly callers: number;
  readonly changes?: boolean;
}

const kinds = (service: Place, ingress: Place): readonly Kind[] => [
  { name: 'Service, kept connections', place: service, connections: 'kept', callers: 4 },
  { name: 'Service, new connections', place: service, connections: 'new', callers: 1 },
  { name: 'Service, changes', place: service, connections: 'kept', callers: 1, changes: true },
  { name: 'Ingress, kept connections', place: ingress, connections: 'kept', callers: 4 },
  { name: 'Ingress, new connections', place: ingress, connections: 'new', callers: 1 },
];

export const startBusy = async (): Promise<Busy> => {
  const began = performance.now();
  let key = firstKey;
  const losses: string[] = [];
  const watched = async (name: string, ask: ReturnType<Caller['ask']>) => {
    const at = () => `${((performance.now() - began) / 1_000).toFixed(2)} s, ${name}`;
    const answer = await ask.catch((error: unknown) => {
      losses.push(`${at()}: ${describe(error)}`);
      throw error;
    });
    if (answer.status !== 200) losses.push(`${at()}: ${answer.status} ${answer.text}`);
    return answer;
  };
  const groups: readonly Group[] = kinds(await throughService(), await throughIngress()).map((kind) => {
    const caller = createCaller(kind.place, kind.connections);
    const options = () => ({ key, ...(kind.changes && idempotencyFree) });
    const load = startLoad(kind.callers, (n) => watched(kind.name, caller.ask(n, options())), { pauseMs });
    return { name: kind.name, caller, load };
  });

  const goOn = async () => {
    const before = groups.map(({ load }) => load.count(200));
    await eventually('more answers', async () => {
      for (const [at, { name, load }] of groups.entries())
        assert.ok(load.count(200) >= (before[at] ?? 0) + moreAnswers, `${name} is not answered: ${losses.slice(-3)}`);
    });
  };
  const lostNothing = async () => {
    await goOn();
    const results = await Promise.all(groups.map(({ load }) => load.stop()));
    await Promise.all(groups.map(({ caller }) => caller.close()));
    const answered = results.reduce((sum, result) => sum + result.answered.length, 0);
    const shown = losses.slice(0, lossesShown).join('\n');
    if (losses.length > 0)
      throw new Error(`${losses.length} of ${answered + losses.length} calls were lost:\n${shown}`);
    return answered;
  };
  await goOn();
  return {
    useKey: (next) => (key = next),
    goOn,
    lostNothing,
    [Symbol.asyncDispose]: async () => void (await Promise.all(groups.map(({ load }) => load.stop()))),
  };
};

const describe = (error: unknown): string =>
  error instanceof Error ? `${error.name} ${Reflect.get(error, 'code') ?? ''} ${error.message}` : String(error);
