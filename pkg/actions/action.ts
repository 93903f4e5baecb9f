/**
 * What an action is to the rest of the service, whatever its kind: it decodes its input and runs.
 */
import type { Parsed } from '../errors/problem.ts';
import type { AuditRecord, RequestContext } from '../postgres/audit-record.ts';
import type { ScalarValue } from '../postgres/parameter.ts';
import type { Deadline } from '../resilience/deadline.ts';
import type { ActionSpec } from '../tenant/action-spec.ts';

/** A validated input: values by name, optional ones absent. */
export type ActionInput = Readonly<Record<string, ScalarValue | readonly ScalarValue[] | undefined>>;

/** @returns undefined for one that was left out, also where every object has something by its name: `constructor` */
export const inputOf = (input: ActionInput, name: string): ActionInput[string] =>
  Object.hasOwn(input, name) ? input[name] : undefined;

export interface ActionCall {
  readonly input: ActionInput;
  readonly requestId: string;
  readonly context: RequestContext;
  /** The body as received: what a repeat has to have in common with the first. */
  readonly rawBody: Uint8Array;
  /** As the caller named it, unchecked; undefined: it did not. */
  readonly idempotencyKey: string | undefined;
  readonly deadline: Deadline;
}

export interface ActionAnswer {
  /** `{"output":{…}}` as JSON text, within the answer's budget. */
  readonly body: string;
  readonly source: AuditRecord['source'];
}

/** Its methods are called on it: they may need it as their `this`. */
export interface Action {
  readonly name: string;
  readonly kind: ActionSpec['kind'];
  /** @returns the input, or every problem with it by path below `input` */
  decodeInput(value: unknown): Parsed<ActionInput>;
  /** @throws AppError */
  run(call: ActionCall): Promise<ActionAnswer>;
}

/** A tenant's, by name. */
export type Actions = ReadonlyMap<string, Action>;
