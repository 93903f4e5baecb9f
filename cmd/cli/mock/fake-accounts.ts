/** Whose tokens the fake CXone gives out: those of the manifests' CXone Secrets, or one account that everybody knows. */
import type { BundleTenant } from '../../../pkg/tenant/bundle.ts';
import type { FakeAccount, FakeCredentials } from '../fake-cxone.ts';

/** Documented, and for this fake alone. */
export const knownCredentials: FakeCredentials = {
  clientId: 'mock-client',
  clientSecret: 'mock-client-secret',
  accessKeyId: 'mock-access-key',
  accessKeySecret: 'mock-access-key-secret',
};

const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

const accountOf = ({ tenantId, cxone }: BundleTenant): readonly FakeAccount[] => {
  if (!cxone) return [];
  const { clientId, clientSecret, accessKeyId, accessKeySecret } = cxone.secrets;
  const credentials = {
    clientId: decoded(clientId),
    clientSecret: decoded(clientSecret),
    accessKeyId: accessKeyId === undefined ? knownCredentials.accessKeyId : decoded(accessKeyId),
    accessKeySecret: accessKeySecret === undefined ? knownCredentials.accessKeySecret : decoded(accessKeySecret),
  };
  return [{ tenantId, credentials }];
};

/** @param tenants  at least one */
export const fakeAccounts = (tenants: readonly BundleTenant[]): readonly FakeAccount[] => {
  const accounts = tenants.flatMap(accountOf);
  return accounts.length > 0
    ? accounts
    : tenants.slice(0, 1).map(({ tenantId }) => ({ tenantId, credentials: knownCredentials }));
};
