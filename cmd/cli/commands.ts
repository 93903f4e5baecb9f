/** The commands of the CLI, in the order they are listed in. */
import type { Command } from './command.ts';
import { createCompletion } from './completion/completion.ts';
import { mock } from './mock/mock.ts';
import { openapi } from './openapi.ts';
import { schema } from './schema.ts';
import { send } from './send.ts';
import { sign } from './sign.ts';
import { simulate } from './simulate/simulate.ts';
import { validate } from './validate/validate.ts';

export const commands: Readonly<Record<string, Command>> = {
  sign,
  send,
  simulate,
  mock,
  validate,
  openapi,
  schema,
  completion: createCompletion(() => commands),
};
