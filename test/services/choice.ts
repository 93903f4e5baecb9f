/**
 * Which way a service comes to the tests: Docker, programs on the PATH, or the npm package. TEST_SERVICES names one; else the
 * first that is there, in that order. A Docker daemon that lacks the image is passed over with a printed line.
 */
import { whyNoContainer } from './containers.ts';

export type Way = 'docker' | 'path' | 'embedded';

export interface Ways {
  /** `redis-server`, `PostgreSQL`: for what is printed. */
  readonly name: string;
  readonly image: string;
  /** Each way that needs no daemon: whether it is there. */
  readonly here: Readonly<Partial<Record<Way, () => boolean>>>;
  /** What to do where no way is there. */
  readonly install: string;
}

export type Choice = { readonly way: Way } | { readonly missing: string };

const order: readonly Way[] = ['docker', 'path', 'embedded'];

/** @param wanted  TEST_SERVICES; a service that does not come that way at all (Redis has no npm package) takes the others */
export const chooseWay = async (
  ways: Ways,
  wanted: string | undefined,
  say: (line: string) => void,
): Promise<Choice> => {
  const named = order.find((way) => way === wanted);
  if (wanted && !named) throw new Error(`TEST_SERVICES is ${wanted}, and has to be one of ${order.join(', ')}`);
  const exists = named === 'docker' || (named !== undefined && ways.here[named] !== undefined);
  const candidates = exists && named ? [named] : order.filter((way) => way !== 'docker' || named === undefined);
  const reasons: string[] = [];
  for (const way of candidates) {
    const reason = await whyNot(way, ways);
    if (reason === undefined) return { way };
    reasons.push(reason);
    if (reason.includes('could pull')) say(`${ways.name}: ${reason}; trying what else is there`);
  }
  return { missing: `${ways.name}: ${reasons.join('; ')}. ${ways.install}` };
};

const whyNot = async (way: Way, ways: Ways): Promise<string | undefined> => {
  if (way === 'docker') return whyNoContainer(ways.image);
  if (ways.here[way]?.()) return undefined;
  return way === 'path' ? 'no program on the PATH' : 'no npm package';
};
