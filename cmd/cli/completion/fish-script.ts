/** Completion for fish, from the descriptions of the commands. */
import type { Description } from '../description.ts';
import type { Flag, Operand, ValueFlag } from '../flag.ts';
import type { Descriptions } from './descriptions.ts';

/** Within single quotes, fish knows two escapes. */
const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

const valuesOf = (flag: ValueFlag | Operand): string => {
  if (flag.words) return `-x -a ${quoted(flag.words.join(' '))}`;
  return flag.file ? '-r -F' : '-x';
};

const flagLine = (command: string, name: string, flag: Flag): string => {
  const parts = [
    `complete -c cxone-actions -n '__fish_seen_subcommand_from ${command}' -l ${name}`,
    ...(flag.short === undefined ? [] : [`-s ${flag.short}`]),
    ...(flag.type === 'string' ? [valuesOf(flag)] : []),
    `-d ${quoted(flag.help)}`,
  ];
  return parts.join(' ');
};

const operandLine = (command: string, operand: Operand): string => {
  const values = operand.words ? `-a ${quoted(operand.words.join(' '))}` : operand.file ? '-F' : '';
  return `complete -c cxone-actions -n '__fish_seen_subcommand_from ${command}' ${values}`.trimEnd();
};

const commandLines = (name: string, { summary, flags, operand }: Description): readonly string[] => [
  `complete -c cxone-actions -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
  ...Object.entries(flags).map(([flag, spec]) => flagLine(name, flag, spec)),
  ...(operand ? [operandLine(name, operand)] : []),
];

export const fishScript = (commands: Descriptions): string =>
  `${[
    '# fish completion for cxone-actions',
    'complete -c cxone-actions -f',
    "complete -c cxone-actions -s h -l help -d 'tell more, with examples'",
    "complete -c cxone-actions -n __fish_use_subcommand -l version -d 'print the version'",
    ...Object.entries(commands).flatMap(([name, description]) => commandLines(name, description)),
  ].join('\n')}\n`;
