/**
 * Statements of every number of parameters, with a highest placeholder below, at and above it.
 */
import { tenantLimits } from '../../pkg/process/limits.ts';
import { everyKind } from './manifests.ts';

const parametersMax = tenantLimits.inputsMax + 1;

/** @returns specs as JSON, each with its title */
export const placeholderCases = (): ReadonlyMap<string, string> => {
  const cases = new Map<string, string>();
  for (let count = 1; count <= parametersMax; count += 1) {
    const parameters = Array.from({ length: count }, () => 'tenant_id');
    for (const highest of [count - 1, count, count + 1, 10, parametersMax, parametersMax + 1, 100, count * 10]) {
      // What begins with a zero is no placeholder.
      const text = `SELECT $1, $${highest}x, $0${highest + 1}`;
      const actions = [{ name: 'set', transaction: { statements: [{ text, parameters }] } }];
      cases.set(JSON.stringify({ ...everyKind, actions }), `${count} parameters, ${text}`);
    }
  }
  return cases;
};
