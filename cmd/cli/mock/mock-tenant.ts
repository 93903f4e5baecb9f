/**
 * A tenant as the real pipeline serves it, with real keys, limits and decoding, whose actions run from files.
 */
import type { Action } from '../../../pkg/actions/action.ts';
import { compileRequest } from '../../../pkg/actions/request.ts';
import { type Parsed, type Problem, parsed, refused } from '../../../pkg/errors/problem.ts';
import type { Clock } from '../../../pkg/process/clock.ts';
import { compileKeyRing, type LiveTenant } from '../../../pkg/registry/live-tenant.ts';
import { createAdmission } from '../../../pkg/resilience/admission.ts';
import type { ActionSpec } from '../../../pkg/tenant/action-spec.ts';
import type { BundleTenant } from '../../../pkg/tenant/bundle.ts';
import { openCannedFile } from './canned-file.ts';
import { loadCanned } from './load-canned.ts';
import { mockCall } from './mock-call.ts';
import { mockLookup } from './mock-lookup.ts';
import { mockTransaction, withRepeats } from './mock-transaction.ts';
import { type MockedAction, type Run, rowsOf, runAsItIs } from './mocked-action.ts';
import type { Repeats } from './repeats.ts';

export interface MockOptions {
  readonly clock: Clock;
  readonly repeats: Repeats;
  /** By action. */
  readonly files: ReadonlyMap<string, string>;
  /** A file was read again. @param place  tenant, action and file */
  onRead(place: string, problems: readonly Problem[]): void;
}

const mocked = (spec: ActionSpec, { tenantId, limits, cache, audit }: BundleTenant, clock: Clock): MockedAction => {
  const { batchSize } = limits;
  if (spec.kind === 'lookup') return mockLookup(spec, { tenantId, batchSize, cache, audit }, clock);
  return spec.kind === 'transaction' ? mockTransaction(spec, { tenantId, batchSize }) : mockCall(spec, tenantId);
};

const compileFile = (file: string, text: string, action: MockedAction, tenantId: string): Parsed<Run> => {
  const canned = loadCanned(file, text, action.columns);
  if (!canned.ok) return canned;
  if (canned.value.kind !== 'rows') return parsed(runAsItIs(canned.value, action.source));
  return action.runWith(rowsOf(canned.value.rows, tenantId));
};

const mockAction = async (spec: ActionSpec, tenant: BundleTenant, options: MockOptions): Promise<Parsed<Action>> => {
  const { tenantId } = tenant;
  const action = mocked(spec, tenant, options.clock);
  const file = options.files.get(spec.name);
  const withRun = (run: Run): Parsed<Action> => {
    const { repeats } = options;
    const whole = spec.kind === 'transaction' ? withRepeats(run, { tenantId, action: spec.name, repeats }) : run;
    return parsed({ name: spec.name, kind: spec.kind, decodeInput: action.decodeInput, run: whole });
  };
  if (file === undefined) {
    const run = action.runWith(undefined);
    return run.ok ? withRun(run.value) : run;
  }
  const place = `${tenantId} ${spec.name} ${file}`;
  const opened = await openCannedFile(file, {
    compile: (text) => compileFile(file, text, action, tenantId),
    onRead: (problems) => options.onRead(place, problems),
  });
  if (!opened.ok)
    return refused(
      opened.problems.map(({ path, expected }) => ({ path: path === '' ? place : `${place}: ${path}`, expected })),
    );
  return withRun(async (call) => (await call.deadline.race(opened.value.current()))(call));
};

/** @returns problems by tenant, action and file */
export const mockTenant = async (tenant: BundleTenant, options: MockOptions): Promise<Parsed<LiveTenant>> => {
  const { tenantId, revision, limits } = tenant;
  const ring = compileKeyRing(tenant);
  if (!ring.ok) return ring;
  const actions = new Map<string, Action>();
  const problems: Problem[] = [];
  for (const spec of tenant.actions) {
    const action = await mockAction(spec, tenant, options);
    if (action.ok) actions.set(spec.name, action.value);
    else problems.push(...action.problems);
  }
  if (problems.length > 0) return refused(problems);
  return parsed({
    tenantId,
    revision,
    keyRing: ring.value,
    deadlineMs: limits.deadlineMilliseconds,
    admission: createAdmission(options.clock, limits),
    compiled: { decodeRequest: compileRequest(actions), statements: [], lookups: [] },
  });
};
