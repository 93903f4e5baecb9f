/**
 * A tenant whose actions call a fake CXone: what tests of CXone calls configure.
 */
import type { FakeCredentials } from '../../cmd/cli/fake-cxone.ts';
import type { TestCxone } from './fake-cxone.ts';
import type { TenantOptions } from './tenants.ts';

export const secretFor = (credentials: FakeCredentials): Readonly<Record<string, string>> => ({
  'client-id': credentials.clientId,
  'client-secret': credentials.clientSecret,
  'access-key-id': credentials.accessKeyId,
  'access-key-secret': credentials.accessKeySecret,
});

/** One action for each method a call can have. */
export const cxoneActions = [
  {
    name: 'get_contact',
    input: [
      { name: 'contact_id', type: 'String' },
      { name: 'fields', type: 'String', optional: true },
    ],
    cxone: {
      method: 'GET',
      path: '/services/v31.0/contacts/{contact_id}',
      query: { fields: '{fields}' },
      output: 'contact',
    },
  },
  {
    name: 'put_note',
    input: [
      { name: 'contact_id', type: 'Integer' },
      { name: 'tags', type: 'String', list: true, optional: true },
      { name: 'note', type: 'String' },
    ],
    cxone: {
      method: 'PUT',
      path: '/services/v31.0/contacts/{contact_id}/note',
      body: { id: '{contact_id}', tags: '{tags}', text: 'note: {note}' },
      output: 'note',
    },
  },
  { name: 'signal', cxone: { method: 'POST', path: '/services/v31.0/signal', body: { p1: 'now' }, output: 'signal' } },
  { name: 'remove', cxone: { method: 'DELETE', path: '/services/v31.0/callback', output: 'removed' } },
];

/** @param cxone  of the spec, over what leads to the fake by discovery */
export const cxoneTenant = (
  fake: Pick<TestCxone, 'origin' | 'credentials'>,
  tenantId = 'acme',
  { cxone = {}, ...spec }: Readonly<Record<string, unknown>> = {},
): TenantOptions => ({
  tenantId,
  spec: { actions: cxoneActions, cxone: { issuer: fake.origin, ...Object(cxone) }, ...spec },
  cxoneSecret: secretFor(fake.credentials),
});

/** What a handler needs to reach a fake. */
export const cxoneEnv = (fake: Pick<TestCxone, 'caFile'>): Readonly<Record<string, string>> => ({
  CXONE_CA_FILE: fake.caFile,
  CXONE_ALLOW_PRIVATE_ADDRESSES: 'true',
});
