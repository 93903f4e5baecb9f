/**
 * A tenant as the real pipeline serves it, with real keys, limits and decoding, whose actions run from files.
 */
import type { Action } from '../../../pkg/actions/action.ts';
import { declaredTenant } from '../../../pkg/actions/declared-tenant.ts';
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
import { type MockedAction, type Mocking, type Run, rowsOf, runAsItIs } from './mocked-action.ts';
import type { Repeats } from './repeats.ts';

export interface MockOptions {
  readonly clock: Clock;
  readonly repeats: Repeats;
  /** By action. */
  readonly files: ReadonlyMap<string, string>;
  /** A file was read again. @param place  tenant, action and file */
  onRead(place: string, problems: readonly Problem[]): void;
}

export interface MockTenant {
  readonly live: LiveTenant;
  /** A key that has a row, by action, for an example. */
  readonly keys: ReadonlyMap<string, string>;
}

const mocked = (spec: ActionSpec, { tenantId, limits, cache, audit }: BundleTenant, clock: Clock): MockedAction => {
  const { batchSize } = limits;
  if (spec.kind === 'lookup') return mockLookup(spec, { tenantId, batchSize, cache, audit }, clock);
  return spec.kind === 'transaction' ? mockTransaction(spec, { tenantId, batchSize }) : mockCall(spec, tenantId);
};

const compileFile = (file: string, text: string, action: MockedAction, tenantId: string): Parsed<Mocking> => {
  const canned = loadCanned(file, text, action.columns);
  if (!canned.ok) return canned;
  if (canned.value.kind !== 'rows') return parsed({ run: runAsItIs(canned.value, action.source) });
  return action.runWith(rowsOf(canned.value.rows, tenantId));
};

/** @returns problems by tenant, action and file */
const openAction = async (
  action: MockedAction,
  place: { readonly tenantId: string; readonly name: string },
  options: MockOptions,
): Promise<Parsed<Mocking>> => {
  const { tenantId, name } = place;
  const file = options.files.get(name);
  if (file === undefined) return action.runWith(undefined);
  const where = `${tenantId} ${name} ${file}`;
  const opened = await openCannedFile(file, {
    clock: options.clock,
    compile: (text) => compileFile(file, text, action, tenantId),
    onRead: (problems) => options.onRead(where, problems),
  });
  if (!opened.ok) {
    return refused(opened.problems.map(({ path, expected }) => ({ path: joined(where, path), expected })));
  }
  const { key } = await opened.value.current();
  const run: Run = async (call) => (await call.deadline.race(opened.value.current())).run(call);
  return parsed({ run, key });
};

const joined = (where: string, path: string): string => (path === '' ? where : `${where}: ${path}`);

interface MockActions {
  readonly actions: ReadonlyMap<string, Action>;
  readonly keys: MockTenant['keys'];
}

const mockActions = async (tenant: BundleTenant, options: MockOptions): Promise<Parsed<MockActions>> => {
  const { tenantId } = tenant;
  const { clock, repeats } = options;
  const actions = new Map<string, Action>();
  const keys = new Map<string, string>();
  const problems: Problem[] = [];
  for (const spec of tenant.actions) {
    const { name, kind } = spec;
    const action = mocked(spec, tenant, clock);
    const opened = await openAction(action, { tenantId, name }, options);
    if (!opened.ok) {
      problems.push(...opened.problems);
      continue;
    }
    const { run, key } = opened.value;
    const whole = kind === 'transaction' ? withRepeats(run, { tenantId, action: name, repeats }) : run;
    actions.set(name, { name, kind, decodeInput: action.decodeInput, run: whole });
    if (key !== undefined) keys.set(name, key);
  }
  return problems.length > 0 ? refused(problems) : parsed({ actions, keys });
};

/** @returns problems by tenant, action and file */
export const mockTenant = async (tenant: BundleTenant, options: MockOptions): Promise<Parsed<MockTenant>> => {
  const { tenantId, revision, limits } = tenant;
  const ring = compileKeyRing(tenant);
  if (!ring.ok) return ring;
  const mocking = await mockActions(tenant, options);
  if (!mocking.ok) return mocking;
  const { actions, keys } = mocking.value;
  const live = {
    tenantId,
    label: { text: tenantId },
    revision,
    keyRing: ring.value,
    deadlineMs: limits.deadlineMilliseconds,
    admission: createAdmission(options.clock, limits),
    compiled: { actions, statements: [], lookups: [] },
    declared: declaredTenant(tenant),
  };
  return parsed({ live, keys });
};
