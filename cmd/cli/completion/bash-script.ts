/**
 * Completion for bash, from the descriptions of the commands. Needs nothing but bash itself, from 3.2 on.
 */
import type { Description } from '../description.ts';
import type { Flag, ValueFlag } from '../flag.ts';
import type { Descriptions } from './descriptions.ts';

const namesOf = (name: string, { short }: Flag): readonly string[] => [`--${name}`, ...(short ? [`-${short}`] : [])];

const files = `compopt -o filenames 2>/dev/null; local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$cur"))`;

const words = (list: readonly string[]): string => `COMPREPLY=($(compgen -W "${list.join(' ')}" -- "$cur"))`;

/** The last of several, after those that stand there already. */
const lastWord = (list: readonly string[]): string =>
  `case "$cur" in *,*) before="\${cur%,*}," ;; esac; ` +
  `COMPREPLY=($(compgen -P "$before" -W "${list.join(' ')}" -- "\${cur##*,}"))`;

const completeValue = (flag: ValueFlag): string => {
  if (flag.words) return flag.list ? lastWord(flag.words) : words(flag.words);
  return flag.file ? files : ':';
};

/** A line for each flag with a value: what completes it. */
const valueCases = (command: string, { flags }: Description): readonly string[] =>
  Object.entries(flags).flatMap(([name, flag]) => {
    if (flag.type === 'boolean') return [];
    const patterns = namesOf(name, flag).map((each) => `"${command} ${each}"`);
    return [`    ${patterns.join(' | ')}) ${completeValue(flag)}; return ;;`];
  });

const flagCase = (command: string, { flags, operand }: Description): string => {
  const names = Object.entries(flags).flatMap(([name, flag]) => namesOf(name, flag));
  const own = words([...(operand?.words ?? []), ...names, '--help']);
  const other = operand?.file ? `case "$cur" in -*) ${own} ;; *) ${files} ;; esac` : own;
  return `    ${command}) ${other} ;;`;
};

export const bashScript = (commands: Descriptions): string => `# bash completion for cxone-actions
_cxone_actions() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}" before=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    ${words([...Object.keys(commands), '--help', '--version'])}
    return
  fi
  # bash takes --flag=value for three words.
  if [ "$cur" = "=" ]; then cur=""
  elif [ "$prev" = "=" ]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  case "$command $prev" in
${Object.entries(commands)
  .flatMap(([name, description]) => valueCases(name, description))
  .join('\n')}
  esac
  case "$command" in
${Object.entries(commands)
  .map(([name, description]) => flagCase(name, description))
  .join('\n')}
  esac
}
complete -F _cxone_actions cxone-actions
`;
