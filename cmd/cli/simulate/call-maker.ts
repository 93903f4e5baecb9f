/** Makes the calls of a scenario, one after the other: which step is next, and what its body says this time. */
import type { Parsed, Problem } from '../../../pkg/errors/problem.ts';
import { parsed, refused } from '../../../pkg/errors/problem.ts';
import { joinPath } from '../../../pkg/tenant/codec.ts';
import type { Expectation } from './judge.ts';
import type { Random } from './random.ts';
import type { Scenario, StepSpec } from './scenario.ts';
import { compileValue, type MakeValue } from './value-source.ts';
import type { ValueSpec } from './value-spec.ts';

export interface CallBody {
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly context?: Readonly<Record<string, unknown>>;
}

export interface Call {
  /** Its place among the scenario's steps. */
  readonly step: number;
  readonly body: CallBody;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: the caller's usual one. */
  readonly timeoutMs: number | undefined;
  readonly expect: Expectation;
  readonly idempotencyKey: boolean;
  /** The input that takes what was left in `more`. */
  readonly moreInto: string | undefined;
}

interface MakerOptions {
  readonly tenantId: string;
  readonly random: Random;
  /** The lines of a file named by `from`, read before. */
  readonly linesOf: (file: string) => readonly string[];
}

type MakeFields = (random: Random) => Readonly<Record<string, unknown>>;

const compileFields = (
  fields: Readonly<Record<string, ValueSpec>>,
  path: string,
  linesOf: MakerOptions['linesOf'],
): Parsed<MakeFields> => {
  const makers: [string, MakeValue][] = [];
  const problems: Problem[] = [];
  for (const [name, spec] of Object.entries(fields)) {
    const compiled = compileValue(spec, linesOf);
    if (compiled.ok) makers.push([name, compiled.value]);
    else problems.push(...compiled.problems.map((each) => ({ ...each, path: joinPath(`${path}.${name}`, each.path) })));
  }
  if (problems.length > 0) return refused(problems);
  return parsed((random) => Object.fromEntries(makers.map(([name, make]) => [name, make(random)])));
};

/** The only list among the inputs, if there is but one. */
const onlyList = (input: Readonly<Record<string, unknown>>): string | undefined => {
  const lists = Object.keys(input).filter((name) => Array.isArray(input[name]));
  return lists.length === 1 ? lists[0] : undefined;
};

const compileStep = (spec: StepSpec, step: number, { tenantId, random, linesOf }: MakerOptions): Parsed<() => Call> => {
  const input = compileFields(spec.input, `steps[${step}].input`, linesOf);
  const context = compileFields(spec.context ?? {}, `steps[${step}].context`, linesOf);
  if (!input.ok || !context.ok) {
    return refused([...(input.ok ? [] : input.problems), ...(context.ok ? [] : context.problems)]);
  }
  const { action, headers, timeoutMs, expect, idempotencyKey, moreInto } = spec;
  return parsed(() => {
    const made = input.value(random);
    return {
      step,
      body: {
        action,
        input: { tenant_id: tenantId, ...made },
        ...(spec.context ? { context: context.value(random) } : {}),
      },
      headers,
      timeoutMs,
      expect,
      idempotencyKey,
      moreInto: moreInto ?? onlyList(made),
    };
  });
};

/** @returns the place of the next step */
const createOrder = ({ order, steps }: Scenario, random: Random): (() => number) => {
  if (order === 'sequence') {
    let next = -1;
    return () => {
      next = (next + 1) % steps.length;
      return next;
    };
  }
  const total = steps.reduce((sum, { weight }) => sum + weight, 0);
  return () => {
    let left = random.below(total);
    return steps.findIndex(({ weight }) => {
      left -= weight;
      return left < 0;
    });
  };
};

/** @returns the next call; every problem by path, where a value cannot be made */
export const createCallMaker = (scenario: Scenario, options: MakerOptions): Parsed<() => Call> => {
  const compiled = scenario.steps.map((spec, step) => compileStep(spec, step, options));
  const problems = compiled.flatMap((each) => (each.ok ? [] : each.problems));
  if (problems.length > 0) return refused(problems);
  const makers = compiled.flatMap((each) => (each.ok ? [each.value] : []));
  const nextStep = createOrder(scenario, options.random);
  return parsed(() => {
    const make = makers[nextStep()];
    if (!make) throw new Error('no step is next');
    return make();
  });
};
