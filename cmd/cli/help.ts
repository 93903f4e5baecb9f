/** The text of `--help`, made from a command's description. */
import type { Description } from './description.ts';
import type { Flag, ValueFlag } from './flag.ts';

const lineCharactersMax = 110;

/** Lines of at most `width` characters, broken between words. */
const wrap = (text: string, width: number): readonly string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
};

const headOf = (name: string, flag: Flag): string => {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  return `  ${short}--${name}${flag.type === 'string' ? ` ${flag.value}` : ''}`;
};

const valueNotes = ({ words, list, default: fallback }: ValueFlag): readonly string[] => [
  ...(words ? [`${list ? 'some of' : 'one of'} ${words.join(list ? ',' : ', ')}`] : []),
  ...(fallback === undefined ? [] : [`default ${fallback}`]),
];

const helpOf = (flag: Flag): string =>
  flag.type === 'string' ? [flag.help, ...valueNotes(flag)].join('; ') : flag.help;

/** Two columns. */
const table = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([head]) => head.length)) + 2;
  return rows
    .flatMap(([head, text]) =>
      wrap(text, lineCharactersMax - width).map((line, at) =>
        `${(at === 0 ? head : '').padEnd(width)}${line}`.trimEnd(),
      ),
    )
    .join('\n');
};

const groupsOf = (flags: Description['flags']): readonly string[] =>
  [...new Set(Object.values(flags).map(({ group = '' }) => group))].toSorted(
    (a, b) => Number(a !== '') - Number(b !== ''),
  );

const flagsText = (flags: Description['flags']): string =>
  groupsOf(flags)
    .map((title) => {
      const rows = Object.entries(flags)
        .filter(([, { group = '' }]) => group === title)
        .map(([name, flag]) => [headOf(name, flag), helpOf(flag)] as const);
      return `${title === '' ? '' : `${title}:\n`}${table(rows)}`;
    })
    .join('\n\n');

const aboutText = (about: string): string =>
  about
    .split('\n')
    .flatMap((line) => wrap(line, lineCharactersMax))
    .join('\n');

export const helpText = (name: string, { usage, about, flags, operand, examples }: Description): string => {
  const parts = [
    `Usage: cxone-actions ${name} ${usage}`.trimEnd(),
    aboutText(about),
    ...(operand ? [table([[`  ${operand.value}`, operand.help]])] : []),
    ...(Object.keys(flags).length > 0 ? [flagsText(flags)] : []),
    `${examples.length === 1 ? 'Example' : 'Examples'}:\n${examples.map((example) => `  ${example}`).join('\n')}`,
  ];
  return `${parts.join('\n\n')}\n`;
};
