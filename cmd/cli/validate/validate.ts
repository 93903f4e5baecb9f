/**
 * `cxone-actions validate`: what controller and handler would say of manifests, before anything is applied.
 */
import { defineCommand } from '../command.ts';
import { checkDatabaseUrl } from '../database-url.ts';
import { type Flags, UsageError, type Values } from '../flag.ts';
import { githubText, remarkText, summaryText } from './remark-text.ts';
import type { Outcome } from './validate-files.ts';

const filesMax = 10_000;

const flags = {
  manifests: { type: 'string', short: 'f', value: 'FILE', file: true, help: 'manifests, - for standard input' },
  database: {
    type: 'string',
    value: 'URL',
    help: 'have PostgreSQL plan each statement there, best with the login of the service; nothing is run',
  },
  strict: { type: 'boolean', help: 'notes fail too' },
  json: { type: 'boolean', help: 'print one JSON object instead of lines' },
  github: { type: 'boolean', help: 'print annotations for GitHub Actions instead of lines' },
} as const satisfies Flags;

const checkFlags = ({ database, json, github }: Values<typeof flags>): void => {
  if (json && github) throw new UsageError('--json and --github: one of them at most');
  if (database !== undefined) checkDatabaseUrl(database, 'database');
};

const outputOf = (outcome: Outcome, ok: boolean, { json, github }: Values<typeof flags>): string => {
  const { remarks, tenants, statements } = outcome;
  if (json) return JSON.stringify({ ok, tenants, statements, remarks }, null, 2);
  return [...remarks.map(github ? githubText : remarkText), summaryText(remarks, tenants, statements)].join('\n');
};

export const validate = defineCommand(
  {
    summary: 'say what is wrong with manifests before they are applied',
    usage: '-f FILE [FILE…] [--database URL]',
    about: [
      'Prints what the service would say of DataActionConfigs, one problem a line: FILE:LINE: PATH: expected …',
      'Objects and Secrets may stand in different files. A Secret that none of them has is a note, as keys seldom live where manifests do; objects of other kinds are passed over with a note.',
      'Exit code 0 when nothing is wrong, 1 for problems, 2 for wrong usage, an unreadable file or an unreachable database.',
    ].join('\n'),
    flags,
    operand: { value: 'FILE…', help: 'more manifests', min: 0, max: filesMax, file: true },
    examples: [
      'cxone-actions validate -f deploy/examples/quickstart.yaml',
      'cxone-actions validate -f tenants/*.yaml --database "$DATABASE_URL" --strict --github',
    ],
  },
  async ({ flags: given, operands }) => {
    checkFlags(given);
    const files = given.manifests === undefined ? operands : [given.manifests, ...operands];
    // Drivers and compilers take a while to load: the other commands do without.
    const { validateFiles } = await import('./validate-files.ts');
    const outcome = await validateFiles(files, given.database);
    const fails = outcome.remarks.some(({ severity }) => severity === 'problem' || given.strict);
    process.stdout.write(`${outputOf(outcome, !fails, given)}\n`);
    return fails ? 1 : 0;
  },
);
