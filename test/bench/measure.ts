/**
 * One measurement: a variant under a scenario's load for some seconds, with what it cost each process and what it left in the audit log.
 */

import { join } from 'node:path';
import { ownDirectory } from '../services/owned.ts';
import { type LoadResult, prepare, runClosedLoop } from './closed-loop.ts';
import { cpuMs } from './processes.ts';
import { createRequestMaker, type RequestMaker } from './request-maker.ts';
import { type AuditMode, type Scenario, tenantIdOf } from './scenarios.ts';
import type { Stage } from './stage.ts';
import type { Variant } from './variants.ts';

export interface Figures extends LoadResult {
  /** CPU microseconds of one request. */
  readonly serviceUs: number;
  readonly postgresUs: number;
  readonly redisUs: number;
  /** Audit rows for each 200; a request under way when the time ended has one without. */
  readonly auditRows: number;
}

export interface Measurement {
  readonly variant: Variant;
  readonly scenario: Scenario;
  readonly audit: AuditMode;
  readonly callers: number;
  readonly seconds: number;
}

const warmUpSeconds = 1;
/** Requests a second, more than anything here answers: the first run of a kind has no figure of its own to go by. */
const firstGuess = ({ batch }: Scenario): number => (batch === 1 ? 45_000 : 20_000);
/** Room for a run that goes better than the one before. */
const margin = 1.5;

export const createMeasurer = (stage: Stage) => {
  const folder = ownDirectory('bench');
  const makers = new Map<string, RequestMaker>();
  const rates = new Map<string, number>();

  const costs = (variant: Variant) => ({
    service: cpuMs(variant.pid),
    postgres: cpuMs(stage.postgresPid),
    redis: cpuMs(stage.redisPid),
  });
  const auditRows = async (tenantId: string): Promise<number> => {
    const [row] = await stage.database.sql('SELECT count(*) AS n FROM audit_log WHERE tenant_id = $1', [tenantId]);
    return Number(row?.n);
  };

  return async ({ variant, scenario, audit, callers, seconds }: Measurement): Promise<Figures> => {
    const kind = `${variant.name} ${scenario.name} ${audit}`;
    const maker = makers.get(kind) ?? createRequestMaker(scenario, audit);
    makers.set(kind, maker);
    const rate = () => rates.get(`${kind} ${callers}`) ?? firstGuess(scenario);
    const load = async (name: string, seconds: number) => {
      const file = join(folder, name);
      await prepare(file, maker, Math.ceil(rate() * seconds * margin) + callers * 2);
      return () => runClosedLoop({ url: variant.url, callers, seconds, file });
    };
    const warmUp = await (await load('warm-up', warmUpSeconds))();
    rates.set(`${kind} ${callers}`, warmUp.requestsPerSecond);
    await stage.database.sql('TRUNCATE audit_log');
    const run = await load('requests', seconds);
    const before = costs(variant);
    const result = await run();
    const after = costs(variant);
    rates.set(`${kind} ${callers}`, result.requestsPerSecond);
    const perRequest = (name: keyof typeof before) => ((after[name] - before[name]) * 1_000) / result.requests;
    return {
      ...result,
      serviceUs: perRequest('service'),
      postgresUs: perRequest('postgres'),
      redisUs: perRequest('redis'),
      auditRows: (await auditRows(tenantIdOf(scenario.temperature, audit))) / result.requests,
    };
  };
};
