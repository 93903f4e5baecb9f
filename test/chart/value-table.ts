/** The table of the chart's values, made from the comments in values.yaml: `# -- ` above a value describes it. */
import { parse } from 'yaml';
import { at } from '../services/helm.ts';

export interface ValueRow {
  /** With dots between. */
  readonly path: string;
  readonly default: unknown;
  readonly help: string;
}

const entry = /^( *)([A-Za-z]\w*):/;

/** @throws at a value with neither a description nor described values below it */
export const readValueRows = (text: string): readonly ValueRow[] => {
  const values: unknown = parse(text);
  const rows: ValueRow[] = [];
  const trail: { readonly indent: number; readonly name: string }[] = [];
  let help: string | undefined;
  /** Lines below a described value belong to it. */
  let within = Number.POSITIVE_INFINITY;
  for (const line of text.split('\n')) {
    help = /^ *# -- (.*)$/.exec(line)?.[1] ?? (/^ *#/.test(line) ? help : help);
    const [, spaces, name] = entry.exec(line) ?? [];
    if (spaces === undefined || name === undefined || spaces.length > within) continue;
    within = Number.POSITIVE_INFINITY;
    while ((trail.at(-1)?.indent ?? -1) >= spaces.length) trail.pop();
    trail.push({ indent: spaces.length, name });
    const path = trail.map((step) => step.name).join('.');
    if (help !== undefined) {
      rows.push({ path, default: at(values, path), help });
      within = spaces.length;
    } else if (!/:$/.test(line)) {
      throw new Error(`values.yaml: ${path} is not described`);
    }
    help = undefined;
  }
  return rows;
};

const cell = (text: string): string => text.replaceAll('|', '\\|');

const defaultText = (value: unknown): string =>
  value === '' || value === null ? '' : `\`${cell(JSON.stringify(value))}\``;

const valueTable = (text: string): string =>
  [
    '| value | default | what it is |',
    '|---|---|---|',
    ...readValueRows(text).map((row) => `| \`${row.path}\` | ${defaultText(row.default)} | ${cell(row.help)} |`),
  ].join('\n');

/** @throws where the marks are missing */
export const withValueTable = (readme: string, values: string): string => {
  const parts = /^([\s\S]*<!-- values -->\n)[\s\S]*(<!-- \/values -->[\s\S]*)$/.exec(readme);
  if (!parts) throw new Error('README.md: the marks <!-- values --> and <!-- /values --> are missing');
  const [, before = '', after = ''] = parts;
  return `${before}${valueTable(values)}\n${after}`;
};
