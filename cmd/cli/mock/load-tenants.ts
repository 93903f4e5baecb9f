/** The tenants of a manifests file as the controller would hand them on. Whatever the controller would refuse is refused here. */
import { decide } from '../../../pkg/controller/decide.ts';
import { type Remark, reviewManifests } from '../../../pkg/controller/review-manifests.ts';
import type { Problem } from '../../../pkg/errors/problem.ts';
import { requestLimits } from '../../../pkg/process/limits.ts';
import type { BundleTenant } from '../../../pkg/tenant/bundle.ts';
import { readManifestFiles } from '../read-manifest-files.ts';
import { refuse } from '../refuse.ts';

const lined = ({ line, path, expected }: Remark): Problem => ({
  path: path === '' ? `line ${line}` : `line ${line}: ${path}`,
  expected,
});

/** @param file  - for standard input     @returns at least one @throws UsageError with the first problems by line and path */
export const loadTenants = async (file: string): Promise<readonly BundleTenant[]> => {
  const where = `--manifests ${file}:`;
  const gathered = await readManifestFiles([file]);
  // A Secret that is not there is a note to others; here it is needed.
  const remarks = reviewManifests(gathered).remarks.toSorted((a, b) => a.line - b.line);
  if (remarks.length > 0) return refuse(where, remarks.slice(0, requestLimits.problemsMax).map(lined));
  const { configs, secrets } = gathered;
  const { tenants } = decide({ configs: configs.map(({ value }) => value), secrets }, []);
  const nobody: Problem = { path: '', expected: 'at least one DataActionConfig' };
  return tenants.length > 0 ? tenants : refuse(where, [nobody]);
};
