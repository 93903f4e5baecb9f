/**
 * Everything there is to say of some files, in the order of files and lines: the controller's view, then the handler's,
 * then PostgreSQL's.
 */
import { type Remark, remarksOn, reviewManifests } from '../../../pkg/controller/review-manifests.ts';
import { readManifestFiles } from '../read-manifest-files.ts';
import { openDatabase } from './ask-postgres.ts';
import { createCompiler } from './compile-reviewed.ts';
import { judgeStatements } from './judge-statements.ts';

export interface Outcome {
  readonly remarks: readonly Remark[];
  readonly tenants: number;
  /** How many PostgreSQL was asked about; undefined: it was not asked. */
  readonly statements: number | undefined;
}

const byPlace = (a: Remark, b: Remark): number => Number(a.file > b.file) - Number(a.file < b.file) || a.line - b.line;

/** A wrong glob or a misspelt kind would pass for a clean bill. */
const nothingIn = ([file = '-']: readonly string[], configs: number, remarks: readonly Remark[]): readonly Remark[] =>
  configs > 0 || remarks.some(({ severity }) => severity === 'problem')
    ? []
    : [{ file, line: 1, path: '', expected: 'at least one DataActionConfig', severity: 'note' }];

/** @throws UsageError where a file or the database cannot be asked */
export const validateFiles = async (files: readonly string[], databaseUrl: string | undefined): Promise<Outcome> => {
  const gathered = await readManifestFiles(files);
  const review = reviewManifests(gathered);
  const compiled = review.tenants.map(createCompiler(openDatabase().database));
  const refused = compiled.flatMap(({ config, problems }) => remarksOn(config, 'problem', problems));
  const judged = databaseUrl === undefined ? undefined : await judgeStatements(compiled, databaseUrl);
  return {
    remarks: [
      ...nothingIn(files, gathered.configs.length, review.remarks),
      ...review.remarks,
      ...refused,
      ...(judged?.remarks ?? []),
    ].toSorted(byPlace),
    tenants: review.tenants.length,
    statements: judged?.asked,
  };
};
