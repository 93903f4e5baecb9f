/** What `mock` prints when it listens: where, what is served from which file, and lines to paste. No secret of a manifest. */
import type { ActionSpec } from '../../../pkg/tenant/action-spec.ts';
import type { BundleTenant } from '../../../pkg/tenant/bundle.ts';
import type { FakeAccount } from '../fake-cxone.ts';
import { knownCredentials } from './fake-accounts.ts';
import { sampleInput } from './sample-input.ts';

export interface Served {
  /** Of the service, without a path. */
  readonly url: string;
  readonly manifests: string;
  readonly tenants: readonly BundleTenant[];
  readonly files: ReadonlyMap<string, string>;
  /** A key that has a row. */
  keyOf(tenantId: string, action: string): string | undefined;
  readonly cxone: { readonly url: string; readonly accounts: readonly FakeAccount[] } | undefined;
  /** How the CLI was called, e.g. `cxone-actions`. */
  readonly program: string;
}

/** For a shell. */
const word = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

const withoutFile: Readonly<Record<ActionSpec['kind'], string>> = {
  lookup: 'no file: every key is missing',
  transaction: 'no file: no rows',
  cxone: 'no file: null',
};

const table = (rows: readonly (readonly string[])[]): string => {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? [];
  return rows
    .map((row) => `    ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
};

const tenantText = ({ tenantId, suspend, webhook, actions }: BundleTenant, files: Served['files']): string => {
  const rows = actions.map(({ name, kind }) => [name, kind, files.get(name) ?? withoutFile[kind]]);
  return `  ${tenantId}  ${webhook.scheme}${suspend ? ', suspended: every request is a 401' : ''}\n${table(rows)}`;
};

/** An action that has something to tell, if there is one. */
const exampleOf = ({ tenants, files, keyOf }: Served) => {
  const all = tenants.flatMap(({ tenantId, suspend, actions }) =>
    suspend ? [] : actions.map((spec) => ({ tenantId, spec })),
  );
  const withRow = all.find(({ tenantId, spec }) => keyOf(tenantId, spec.name) !== undefined);
  return withRow ?? all.find(({ spec }) => files.has(spec.name)) ?? all[0];
};

const sendText = (served: Served): string => {
  const example = exampleOf(served);
  if (!example) return '';
  const { url, program, manifests } = served;
  const { tenantId, spec } = example;
  const input = word(JSON.stringify(sampleInput(spec, served.keyOf(tenantId, spec.name))));
  return `
Ask it:

  ${program} send --url ${url} -f ${manifests === '-' ? 'MANIFESTS' : word(manifests)} -t ${tenantId} \\
    --action ${spec.name} --input ${input}
`;
};

const placeholders = {
  clientId: 'CLIENT-ID',
  clientSecret: 'CLIENT-SECRET',
  accessKeyId: 'KEY-ID',
  accessKeySecret: 'KEY-SECRET',
};

const cxoneText = ({ cxone }: Served): string => {
  if (!cxone) return '';
  const isKnown = cxone.accounts.every(({ credentials }) => credentials === knownCredentials);
  const whose = isKnown
    ? 'for anybody'
    : `with the CXone Secret of ${cxone.accounts.map(({ tenantId }) => tenantId).join(', ')}`;
  const { clientId, clientSecret, accessKeyId, accessKeySecret } = isKnown ? knownCredentials : placeholders;
  const client = JSON.stringify({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret });
  return `
A fake CXone API at ${cxone.url}, which says what it was asked. Tokens ${whose}:

  curl -sS ${cxone.url}/oauth2/token -H 'Content-Type: application/json' -d ${word(client)}
  curl -sS ${cxone.url}/auth/token -u ${clientId}:${clientSecret} \\
    -d grant_type=password -d username=${accessKeyId} -d password=${accessKeySecret}
  curl -sS ${cxone.url}/incontactapi/services/v31.0/contacts/1 -H 'Authorization: Bearer TOKEN'
`;
};

export const welcomeText = (served: Served): string => `Answering without a database, POST ${served.url}/data-action:

${served.tenants.map((tenant) => tenantText(tenant, served.files)).join('\n')}
${sendText(served)}${cxoneText(served)}
A file is read again when it changes, the manifests are not. Ctrl-C stops.

`;

/** The same as plain data. */
export const welcomeFacts = ({ url, tenants, files, cxone }: Served) => ({
  url,
  ...(cxone ? { cxoneUrl: cxone.url } : {}),
  tenants: tenants.map(({ tenantId, suspend, webhook, actions }) => ({
    tenantId,
    suspend,
    scheme: webhook.scheme,
    actions: actions.map(({ name, kind }) => ({ name, kind, ...(files.has(name) ? { file: files.get(name) } : {}) })),
  })),
});
