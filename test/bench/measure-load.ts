/**
 * A closed loop of some seconds against one server, with what each request cost the server, PostgreSQL and Redis.
 *
 * Remembers how fast each kind of load was, to prepare as many requests as the next run of it can send.
 */
import { join } from 'node:path';
import { ownDirectory } from '../services/owned.ts';
import { type LoadResult, prepare, runClosedLoop } from './closed-loop.ts';
import { cpuMs } from './processes.ts';
import type { RequestMaker } from './request-maker.ts';
import type { Stage } from './stage.ts';
import type { Variant } from './variants.ts';

export interface LoadFigures extends LoadResult {
  /** CPU microseconds of one request. */
  readonly serviceUs: number;
  readonly postgresUs: number;
  readonly redisUs: number;
}

export interface LoadToMeasure {
  readonly variant: Pick<Variant, 'url' | 'pid'>;
  readonly maker: RequestMaker;
  readonly callers: number;
  readonly seconds: number;
  /** Of the same rate. */
  readonly kind: string;
  /** Requests a second, for the first run of a kind. */
  readonly firstGuess: number;
  /** So many are made and sent over and over, where many large ones would only fill the disk. */
  readonly distinct?: number;
}

/** Room for a run that goes better than the one before. */
const margin = 1.5;

export const createLoadMeasurer = (stage: Pick<Stage, 'postgresPid' | 'redisPid'>) => {
  const folder = ownDirectory('bench');
  const file = join(folder, 'requests');
  const rates = new Map<string, number>();

  const costs = (variant: LoadToMeasure['variant']) => ({
    service: cpuMs(variant.pid),
    postgres: cpuMs(stage.postgresPid),
    redis: cpuMs(stage.redisPid),
  });

  return async (load: LoadToMeasure): Promise<LoadFigures> => {
    const { variant, maker, callers, seconds, kind, distinct } = load;
    const rate = rates.get(kind) ?? load.firstGuess;
    await prepare(file, maker, distinct ?? Math.ceil(rate * seconds * margin) + callers * 2);
    const before = costs(variant);
    const result = await runClosedLoop({ url: variant.url, callers, seconds, file, repeats: distinct !== undefined });
    const after = costs(variant);
    rates.set(kind, result.requestsPerSecond);
    const perRequest = (name: keyof typeof before) => ((after[name] - before[name]) * 1_000) / result.requests;
    return {
      ...result,
      serviceUs: perRequest('service'),
      postgresUs: perRequest('postgres'),
      redisUs: perRequest('redis'),
    };
  };
};

export type MeasureLoad = ReturnType<typeof createLoadMeasurer>;
