/**
 * Where a tenant's CXone API is and how the service gets tokens for it.
 */
import type { Problem } from '../errors/problem.ts';
import { tenantLimits } from '../process/limits.ts';
import { type Codec, ruled, scalar } from './codec.ts';
import { defaulted, list } from './codec-containers.ts';
import { oneOf, text, whole } from './codec-scalars.ts';
import { manifestObject } from './manifest-object.ts';
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

const label = '[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*';
const hostName = `(?:${label}\\.)*[A-Za-z][A-Za-z0-9]*(?:-+[A-Za-z0-9]+)*`;
const byte = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const port = '(?:\\d{1,4}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d\\d|655[0-2]\\d|6553[0-5])';
const path = '/[A-Za-z0-9\\-._~%!$&()*+,;=:@/]*';

/** Told by its shape, as the API server can tell it too: no user, query or fragment, and a host that is a name or IPv4. */
const urlShape = new RegExp(
  `^[Hh][Tt][Tt][Pp][Ss]://(?:${hostName}|(?:${byte}\\.){3}${byte})(?::${port})?(?:${path})?$`,
);

// What is left to the parser are names in Punycode that decode to nothing.
const httpsUrl: Codec<string> = scalar('an https URL without user, query and fragment', (value) =>
  typeof value === 'string' &&
  value.length <= tenantLimits.urlCharactersMax &&
  urlShape.test(value) &&
  URL.canParse(value)
    ? value
    : undefined,
);

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
  manifestObject({ ...cxoneFields.required, secretRef: manifestObject({ name: objectName }) }, cxoneFields.optional),
  cxoneProblems,
);
