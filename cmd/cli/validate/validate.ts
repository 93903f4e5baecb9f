/**
 * `cxone-actions validate`: what controller and handler would say of manifests, before anything is applied.
 */
import { type Remark, remarksOn, reviewManifests } from '../../../pkg/controller/review-manifests.ts';
import { defineCommand } from '../command.ts';
import { type Flags, UsageError, type Values } from '../flag.ts';
import { readManifestFiles } from '../read-manifest-files.ts';
import { openDatabase } from './ask-postgres.ts';
import { createCompiler } from './compile-reviewed.ts';
import { judgeStatements } from './judge-statements.ts';
import { githubText, remarkText, summaryText } from './remark-text.ts';

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

interface Outcome {
  readonly remarks: readonly Remark[];
  readonly tenants: number;
  /** How many PostgreSQL was asked about; undefined: it was not asked. */
  readonly statements: number | undefined;
}

const byPlace = (a: Remark, b: Remark): number => Number(a.file > b.file) - Number(a.file < b.file) || a.line - b.line;

const validateFiles = async (files: readonly string[], databaseUrl: string | undefined): Promise<Outcome> => {
  const review = reviewManifests(await readManifestFiles(files));
  const compiled = review.tenants.map(createCompiler(openDatabase().database));
  const refused = compiled.flatMap(({ config, problems }) => remarksOn(config, 'problem', problems));
  const judged = databaseUrl === undefined ? undefined : await judgeStatements(compiled, databaseUrl);
  return {
    remarks: [...review.remarks, ...refused, ...(judged?.remarks ?? [])].toSorted(byPlace),
    tenants: review.tenants.length,
    statements: judged?.asked,
  };
};

const checkFlags = ({ database, json, github }: Values<typeof flags>): void => {
  if (json && github) throw new UsageError('--json and --github: one of them at most');
  if (database !== undefined && !(URL.canParse(database) && /^postgres(?:ql)?:\/\//.test(database))) {
    throw new UsageError('--database: expected postgres://…');
  }
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
    const outcome = await validateFiles(files, given.database);
    const fails = outcome.remarks.some(({ severity }) => severity === 'problem' || given.strict);
    process.stdout.write(`${outputOf(outcome, !fails, given)}\n`);
    return fails ? 1 : 0;
  },
);
