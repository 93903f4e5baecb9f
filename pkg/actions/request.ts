/**
 * A verified body to something that can run: which action, with which input, in which context.
 */

import * as t from 'io-ts';
import { type Parsed, parsed, refused } from '../errors/problem.ts';
import { requestLimits } from '../process/limits.ts';
import { type Codec, codec, decode } from '../tenant/codec.ts';
import { closed, record } from '../tenant/codec-containers.ts';
import { oneOf, text } from '../tenant/codec-scalars.ts';
import type { Action, ActionInput } from './action.ts';

export interface ActionRequest {
  readonly action: Action;
  readonly input: ActionInput;
  /** JSON text, `{}` when the body has none. */
  readonly context: string;
}

const anything: Codec<unknown> = codec('an object', (value) => t.success(value));

const context = record(text({ max: requestLimits.contextValueCharactersMax }), {
  entriesMax: requestLimits.contextEntriesMax,
  keyCharactersMax: requestLimits.contextKeyCharactersMax,
});

/** @returns decodes a body; every problem by path, in the body's own order of parts */
export const compileRequest = (actions: ReadonlyMap<string, Action>): ((body: unknown) => Parsed<ActionRequest>) => {
  const bodyCodec = closed({ action: oneOf([...actions.keys()]), input: anything }, { context });
  return (value) => {
    const body = decode(bodyCodec, value);
    if (!body.ok) return body;
    const action = actions.get(body.value.action);
    if (!action) return refused([{ path: 'action', expected: 'a declared action' }]);
    const input = action.decodeInput(body.value.input);
    return input.ok ? parsed({ action, input: input.value, context: JSON.stringify(body.value.context ?? {}) }) : input;
  };
};
