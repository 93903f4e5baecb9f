/**
 * How the CLI comes by a tenant's key and scheme: from the manifests one would apply, or from a file with the secret.
 */
import { readFile } from 'node:fs/promises';
import { decide } from '../../pkg/controller/decide.ts';
import { readManifests } from '../../pkg/controller/read-manifests.ts';
import { isImplementedScheme, signatureSchemes } from '../../pkg/webhook/schemes.ts';
import { type SchemeOptions, type SignatureScheme, signingKey } from '../../pkg/webhook/signature.ts';
import { type Flags, UsageError } from './flag.ts';

const group = 'Who signs';

/** Flags that say who signs, shared by the commands that sign. */
export const signerFlags = {
  manifests: {
    type: 'string',
    short: 'f',
    group,
    value: 'FILE',
    file: true,
    help: 'take key, scheme and header of --tenant from DataActionConfig and Secret manifests',
  },
  tenant: { type: 'string', short: 't', group, value: 'ID', help: 'tenant id' },
  'secret-file': {
    type: 'string',
    group,
    value: 'FILE',
    file: true,
    help: 'or: the secret as the bytes of this file (a final newline is part of them)',
  },
  scheme: {
    type: 'string',
    group,
    value: 'NAME',
    words: Object.keys(signatureSchemes),
    help: 'with --secret-file, HmacBody when left out',
  },
  header: { type: 'string', group, value: 'NAME', help: 'with --secret-file, X-CXone-Signature when left out' },
  encoding: {
    type: 'string',
    group,
    value: 'NAME',
    words: ['Hex', 'Base64'],
    help: 'with --secret-file, Hex when left out',
  },
} as const satisfies Flags;

export interface SignerFlags {
  readonly manifests?: string | undefined;
  readonly tenant?: string | undefined;
  readonly 'secret-file'?: string | undefined;
  readonly scheme?: string | undefined;
  readonly header?: string | undefined;
  readonly encoding?: string | undefined;
}

/** @returns the headers a caller sends with `body`; `now` in Unix seconds */
export type Signer = (body: Uint8Array, now: number) => Readonly<Record<string, string>>;

const schemeNamed = (name: string): SignatureScheme => {
  if (!isImplementedScheme(name)) {
    throw new UsageError(`--scheme: expected one of ${Object.keys(signatureSchemes).join(', ')}`);
  }
  return signatureSchemes[name];
};

const encodingNamed = (name: string): SchemeOptions['encoding'] => {
  if (name !== 'Hex' && name !== 'Base64') throw new UsageError('--encoding: expected Hex or Base64');
  return name;
};

const fromManifests = async (file: string, tenantId: string): Promise<Signer> => {
  const manifests = readManifests(await readFile(file, 'utf8'), '');
  if (!manifests.ok) {
    const problems = manifests.problems.map(({ path, expected }) => `${path}: expected ${expected}`);
    throw new UsageError(`--manifests ${file}: ${problems.join('; ')}`);
  }
  const tenant = decide(manifests.value, []).tenants.find((each) => each.tenantId === tenantId);
  const [newest] = tenant?.webhook.keys ?? [];
  if (!tenant || newest === undefined) throw new UsageError(`--tenant: no usable tenant of this name in ${file}`);
  const scheme = schemeNamed(tenant.webhook.scheme);
  return (body, now) => scheme.sign(tenant.webhook, signingKey(Buffer.from(newest, 'base64')), body, now);
};

const fromSecretFile = async (file: string, flags: SignerFlags): Promise<Signer> => {
  const scheme = schemeNamed(flags.scheme ?? 'HmacBody');
  const key = signingKey(await readFile(file));
  const options: SchemeOptions = {
    header: flags.header ?? 'X-CXone-Signature',
    encoding: encodingNamed(flags.encoding ?? 'Hex'),
    toleranceSeconds: 300,
  };
  return (body, now) => scheme.sign(options, key, body, now);
};

/** @throws UsageError */
export const loadSigner = (flags: SignerFlags): Promise<Signer> => {
  const { manifests, tenant, 'secret-file': secretFile } = flags;
  if ((manifests === undefined) === (secretFile === undefined)) {
    throw new UsageError('exactly one of --manifests and --secret-file is required');
  }
  if (secretFile !== undefined) return fromSecretFile(secretFile, flags);
  if (manifests === undefined || tenant === undefined) throw new UsageError('--tenant is required with --manifests');
  return fromManifests(manifests, tenant);
};
