/**
 * A verified body to something that can run: which action, with which input, in which context.
 */

import * as t from 'io-ts';
import { type Parsed, parsed, refused } from '../errors/problem.ts';
import type { RequestContext } from '../postgres/audit-record.ts';
import { requestLimits } from '../process/limits.ts';
import { accepted, type Codec, codec, decode, scalar } from '../tenant/codec.ts';
import { closed, record } from '../tenant/codec-containers.ts';
import { oneOf, text } from '../tenant/codec-scalars.ts';
import type { Action, ActionInput, Actions } from './action.ts';

export interface ActionRequest {
  readonly action: Action;
  readonly input: ActionInput;
  /** Empty when the body has none. */
  readonly context: RequestContext;
}

const anything: Codec<unknown> = codec('an object', (value) => t.success(value));

const context = record(text({ max: requestLimits.contextValueCharactersMax }), {
  entriesMax: requestLimits.contextEntriesMax,
  keyCharactersMax: requestLimits.contextKeyCharactersMax,
});

const bodyOf = (action: Codec<string>) => closed({ action, input: anything }, { context });

/** Of every tenant: whether there is such an action is seen when it is looked for. */
const anyBody = bodyOf(scalar('text', (value) => (typeof value === 'string' ? value : undefined)));

/** Made for what is refused alone. */
const problemsOf = (actions: Actions, value: unknown): Parsed<never> => {
  const body = decode(bodyOf(oneOf([...actions.keys()])), value);
  return body.ok ? refused([{ path: 'action', expected: 'a declared action' }]) : body;
};

/** @returns the request; or every problem by path, in the body's own order of parts */
export const decodeRequest = (actions: Actions, value: unknown): Parsed<ActionRequest> => {
  const body = accepted(anyBody, value);
  const action = body && actions.get(body.action);
  if (!body || !action) return problemsOf(actions, value);
  const input = action.decodeInput(body.input);
  return input.ok ? parsed({ action, input: input.value, context: body.context ?? {} }) : input;
};
