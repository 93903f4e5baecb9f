/**
 * Where a tenant's CXone API is and how the service gets tokens for it.
 */
import type { Problem } from '../errors/problem.ts';
import { tenantLimits } from '../process/limits.ts';
import { type Codec, ruled, scalar } from './codec.ts';
import { closed, defaulted, list } from './codec-containers.ts';
import { oneOf, text, whole } from './codec-scalars.ts';
import { objectName } from './names.ts';

export const cxoneGrants = ['Password', 'ClientCredentials'] as const;
export type CxoneGrant = (typeof cxoneGrants)[number];

export interface CxoneSettings {
  readonly grant: CxoneGrant;
  /** Grant Password: the endpoints are discovered below it. */
  readonly issuer: string;
  /** Grant ClientCredentials needs these two; with Password, an apiBase goes before the discovered one. */
  readonly tokenUrl?: string;
  readonly apiBase?: string;
  readonly scopes: readonly string[];
  /** Over all pods. */
  readonly requestsPerSecond: number;
}

export interface CxoneSpec extends CxoneSettings {
  readonly secretRef: { readonly name: string };
}

const httpsUrl: Codec<string> = scalar('an https URL without user, query and fragment', (value) => {
  if (typeof value !== 'string' || value.length > tenantLimits.urlCharactersMax || !URL.canParse(value))
    return undefined;
  const url = new URL(value);
  const isPlain = url.username === '' && url.password === '' && !/[?#\s\\]/.test(value);
  return /^https:\/\//i.test(value) && isPlain ? value : undefined;
});

const scope = text({ min: 1, max: 128, pattern: /^[\x21\x23-\x5b\x5d-\x7e]*$/, expected: 'an OAuth scope' });

export const cxoneFields = {
  required: {
    grant: defaulted(oneOf(cxoneGrants), 'Password'),
    issuer: defaulted(httpsUrl, 'https://cxone.niceincontact.com'),
    scopes: defaulted(list(scope, 0, tenantLimits.cxoneScopesMax), []),
    requestsPerSecond: defaulted(whole(1, tenantLimits.cxoneRequestsPerSecondMax), 80),
  },
  optional: { tokenUrl: httpsUrl, apiBase: httpsUrl },
} as const;

/** @returns problems by path below the settings */
export const cxoneProblems = ({ grant, tokenUrl, apiBase }: CxoneSettings): readonly Problem[] => {
  if (grant === 'Password') return [];
  const expected = 'required with grant ClientCredentials';
  return [
    ...(tokenUrl === undefined ? [{ path: 'tokenUrl', expected }] : []),
    ...(apiBase === undefined ? [{ path: 'apiBase', expected }] : []),
  ];
};

export const cxoneSpec: Codec<CxoneSpec> = ruled<CxoneSpec>(
  closed({ ...cxoneFields.required, secretRef: closed({ name: objectName }) }, cxoneFields.optional),
  cxoneProblems,
);
