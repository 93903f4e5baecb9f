/**
 * `cxone-actions`: what integration engineers use from their own machine. Dispatches to the commands, nothing else.
 */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { thrownCode } from '../../pkg/errors/thrown-code.ts';
import { commands } from './commands.ts';
import { UsageError } from './flag.ts';

const usageError = 2;

const overview = `Usage: cxone-actions COMMAND [flags]

Commands:
${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`)
  .join('\n')}

\`cxone-actions COMMAND --help\` tells more, with examples. \`cxone-actions --version\` prints the version.
`;

const version = (): string => {
  const file = findPackageJSON(import.meta.url);
  const content: unknown = file === undefined ? {} : JSON.parse(readFileSync(file, 'utf8'));
  return String(Object(content).version ?? 'unknown');
};

const say = (text: string): number => {
  process.stdout.write(text);
  return 0;
};

const run = async ([name, ...args]: readonly string[]): Promise<number> => {
  if (name === undefined) {
    process.stderr.write(overview);
    return usageError;
  }
  if (['--help', '-h', 'help'].includes(name)) return say(overview);
  if (name === '--version') return say(`${version()}\n`);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new UsageError('there is no command of this name; --help lists them');
  return args.includes('--help') || args.includes('-h') ? say(command.help(name)) : command.run(args);
};

/** npm runs its scripts in the project: files are named from where the user is. */
const standWhereTheUserIs = ({ npm_lifecycle_event: script, INIT_CWD: directory }: NodeJS.ProcessEnv): void => {
  if (script === 'cxone-actions' && directory) process.chdir(directory);
};

/** Who reads no more, as `head` does, changes nothing of how a command ends. */
const endUnlessUnread = (error: unknown): void => {
  if (thrownCode(error) === 'EPIPE') return;
  process.stderr.write(`cxone-actions: standard output: ${thrownCode(error) ?? 'unknown reason'}\n`);
  process.exit(usageError);
};
process.stdout.on('error', endUnlessUnread);
process.stderr.on('error', () => {});

try {
  standWhereTheUserIs(process.env);
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError;
  const isFile = /^E[A-Z]+$/.test(thrownCode(error) ?? '');
  if (!isUsage && !isFile) throw error;
  process.stderr.write(`cxone-actions: ${error instanceof Error ? error.message : ''}\n`);
  process.exitCode = usageError;
}
