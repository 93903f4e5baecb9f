/**
 * One measurement: a variant under a scenario's load for some seconds, with what it cost each process and what it left in the audit log.
 */
import { createLoadMeasurer, type LoadFigures } from './measure-load.ts';
import { createRequestMaker, type RequestMaker } from './request-maker.ts';
import type { AuditMode, Scenario } from './scenarios.ts';
import type { Stage } from './stage.ts';
import type { Variant } from './variants.ts';

export interface Figures extends LoadFigures {
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
/** More than anything here answers. */
const firstGuess = ({ batch }: Scenario): number => (batch === 1 ? 45_000 : 20_000);

export const createMeasurer = (stage: Stage) => {
  const measureLoad = createLoadMeasurer(stage);
  const makers = new Map<string, RequestMaker>();

  const auditRows = async (): Promise<number> => {
    const [row] = await stage.database.sql('SELECT count(*) AS n FROM audit_log');
    return Number(row?.n);
  };

  return async ({ variant, scenario, audit, callers, seconds }: Measurement): Promise<Figures> => {
    const name = `${variant.name} ${scenario.name} ${audit}`;
    const maker = makers.get(name) ?? createRequestMaker(scenario, audit);
    makers.set(name, maker);
    const load = { variant, maker, callers, kind: `${name} ${callers}`, firstGuess: firstGuess(scenario) };
    await measureLoad({ ...load, seconds: warmUpSeconds });
    await stage.database.sql('TRUNCATE audit_log');
    const result = await measureLoad({ ...load, seconds });
    return { ...result, auditRows: (await auditRows()) / result.requests };
  };
};
