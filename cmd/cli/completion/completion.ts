/** `cxone-actions completion`: a script that teaches a shell the commands and their flags. */
import { type Command, defineCommand } from '../command.ts';
import { bashScript } from './bash-script.ts';
import type { Descriptions } from './descriptions.ts';
import { fishScript } from './fish-script.ts';
import { zshScript } from './zsh-script.ts';

const scripts: Readonly<Record<string, (commands: Descriptions) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** @param commands  all of them, this one included: asked for when a script is made */
export const createCompletion = (commands: () => Descriptions): Command =>
  defineCommand(
    {
      summary: 'print a completion script for bash, zsh or fish',
      usage: 'bash|zsh|fish',
      about:
        "Prints the script; source it, or put it where the shell looks for such scripts. It knows this version's commands and flags.",
      flags: {},
      operand: { value: 'SHELL', help: 'bash, zsh or fish', min: 1, max: 1, words: Object.keys(scripts) },
      examples: [
        'source <(cxone-actions completion bash)   # in ~/.bashrc',
        'source <(cxone-actions completion zsh)    # in ~/.zshrc, after compinit',
        'cxone-actions completion fish > ~/.config/fish/completions/cxone-actions.fish',
      ],
    },
    async ({ operands: [shell = ''] }) => {
      process.stdout.write(scripts[shell]?.(commands()) ?? '');
      return 0;
    },
  );
