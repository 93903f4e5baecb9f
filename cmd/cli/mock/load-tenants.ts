/** The tenants of a manifests file as the controller would hand them on. Whatever the controller would refuse is refused here. */
import { decide } from '../../../pkg/controller/decide.ts';
import { readManifests } from '../../../pkg/controller/read-manifests.ts';
import type { Verdict } from '../../../pkg/controller/verdict.ts';
import type { Problem } from '../../../pkg/errors/problem.ts';
import type { BundleTenant } from '../../../pkg/tenant/bundle.ts';
import { UsageError } from '../flag.ts';
import { readBytes } from '../read-bytes.ts';
import { refuse } from '../refuse.ts';

const complaintsOf = ({ name, accepted, secretsResolved }: Verdict): readonly string[] =>
  [...new Set([accepted, secretsResolved].flatMap(({ ok, message }) => (ok ? [] : [message])))].map(
    (message) => `  ${name}: ${message}`,
  );

/** @param file  - for standard input     @returns at least one @throws UsageError with every problem by object and path */
export const loadTenants = async (file: string): Promise<readonly BundleTenant[]> => {
  const bytes = await readBytes(file, 'manifests');
  const where = `--manifests ${file}:`;
  const manifests = readManifests(bytes.toString('utf8'), '');
  if (!manifests.ok) return refuse(where, manifests.problems);
  const { tenants, verdicts } = decide(manifests.value, []);
  const complaints = verdicts.flatMap(complaintsOf);
  if (complaints.length > 0) throw new UsageError(`${where}\n${complaints.join('\n')}`);
  const nobody: Problem = { path: '', expected: 'at least one DataActionConfig' };
  return tenants.length > 0 ? tenants : refuse(where, [nobody]);
};
