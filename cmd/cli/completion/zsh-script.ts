/** Completion for zsh, from the descriptions of the commands: to be sourced after compinit, or put on the fpath. */
import type { Description } from '../description.ts';
import type { Flag, Operand, ValueFlag } from '../flag.ts';
import { type Descriptions, quoted } from './descriptions.ts';

/** Colons and brackets have a meaning for _arguments. */
const plainText = (text: string): string => text.replace(/[\\[\]:]/g, '\\$&');

const wordsAction = ({ words, list }: Pick<ValueFlag, 'words' | 'list'>): string | undefined => {
  if (!words) return undefined;
  return list ? `_sequence compadd - ${words.join(' ')}` : `(${words.join(' ')})`;
};

const valuePart = (flag: ValueFlag | Operand): string =>
  `:${plainText(flag.value)}:${wordsAction(flag) ?? (flag.file ? '_files' : ' ')}`;

const flagSpec = (name: string, flag: Flag): string => {
  const long = `--${name}${flag.type === 'string' ? '=' : ''}`;
  const told = `[${plainText(flag.help)}]${flag.type === 'string' ? valuePart(flag) : ''}`;
  if (flag.short === undefined) return quoted(`${long}${told}`);
  return `${quoted(`(-${flag.short} --${name})`)}{-${flag.short},${long}}${quoted(told)}`;
};

const commandCase = (name: string, { flags, operand }: Description): string => {
  const specs = [
    ...Object.entries(flags).map(([flag, spec]) => flagSpec(flag, spec)),
    quoted('(-h --help)--help[tell more, with examples]'),
    ...(operand ? [quoted(`*${valuePart(operand)}`)] : []),
  ];
  return `        ${name})\n          _arguments -s \\\n            ${specs.join(' \\\n            ')} ;;`;
};

export const zshScript = (commands: Descriptions): string => `#compdef cxone-actions
# zsh completion for cxone-actions
_cxone_actions() {
  local curcontext="$curcontext" state line
  local -a commands
  commands=(
${Object.entries(commands)
  .map(([name, { summary }]) => `    ${quoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`)
  .join('\n')}
  )
  _arguments -C '--help[list the commands]' '--version[print the version]' '1: :->command' '*:: :->arguments'
  case $state in
    command) _describe command commands ;;
    arguments)
      case $words[1] in
${Object.entries(commands)
  .map(([name, description]) => commandCase(name, description))
  .join('\n')}
      esac ;;
  esac
}
if [ "$funcstack[1]" = "_cxone_actions" ]; then _cxone_actions "$@"; else compdef _cxone_actions cxone-actions; fi
`;
