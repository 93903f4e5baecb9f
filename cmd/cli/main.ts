/**
 * `cxone-actions`: what integration engineers use from their own machine. Dispatches to the commands, nothing else.
 */
import { type Command, UsageError } from './command.ts';
import { send } from './send.ts';
import { sign } from './sign.ts';

const commands: Readonly<Record<string, Command>> = { sign, send };
const usageError = 2;

const overview = `Usage: cxone-actions COMMAND [flags]

Commands:
${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  .join('\n')}

\`cxone-actions COMMAND --help\` tells more, with examples.
`;

const run = async ([name, ...args]: readonly string[]): Promise<number> => {
  const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(overview);
    return name === undefined ? usageError : 0;
  }
  if (!command) throw new UsageError(`there is no command ${JSON.stringify(name.slice(0, 64))}`);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(command.help);
    return 0;
  }
  return command.run(args);
};

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError;
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  const isFile = typeof code === 'string' && /^E[A-Z]+$/.test(code);
  if (!isUsage && !isFile) throw error;
  process.stderr.write(`cxone-actions: ${error instanceof Error ? error.message : ''}\n`);
  process.exitCode = usageError;
}
