/**
 * How the CLI comes by a tenant's key and scheme: from the manifests one would apply, or from a file with the secret.
 */
import { decide } from '../../pkg/controller/decide.ts';
import { readManifests } from '../../pkg/controller/read-manifests.ts';
import { type Problem, problemText } from '../../pkg/errors/problem.ts';
import { tenantLimits } from '../../pkg/process/limits.ts';
import { decode } from '../../pkg/tenant/codec.ts';
import { closed } from '../../pkg/tenant/codec-containers.ts';
import { type WebhookScheme, type WebhookSettings, webhookFields } from '../../pkg/tenant/webhook-spec.ts';
import { createMessageId, isMessageId } from '../../pkg/webhook/message-id.ts';
import { signatureSchemes } from '../../pkg/webhook/schemes.ts';
import type { SignatureScheme } from '../../pkg/webhook/signature.ts';
import { type Flags, UsageError } from './flag.ts';
import { readBytes } from './read-bytes.ts';

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
  header: {
    type: 'string',
    group,
    value: 'NAME',
    help: 'with --secret-file, HmacBody and HmacTimestampBody, X-CXone-Signature when left out',
  },
  encoding: {
    type: 'string',
    group,
    value: 'NAME',
    words: ['Hex', 'Base64'],
    help: 'with --secret-file, HmacBody and HmacTimestampBody, Hex when left out',
  },
} as const satisfies Flags;

/** For the commands that sign one message. */
export const messageFlags = {
  'message-id': {
    type: 'string',
    group,
    value: 'ID',
    help: 'StandardWebhooks and CxoneExpert: the same in every repeat, made up when left out',
  },
} as const satisfies Flags;

export type SignerFlags = {
  readonly [F in keyof typeof signerFlags | keyof typeof messageFlags]?: string | undefined;
};

/** @param now  Unix seconds     @param messageId  of the schemes that have one; left out: the flag's, or made up
 * @returns the headers a caller sends with `body` */
export type Signer = (body: Uint8Array, now: number, messageId?: string) => Readonly<Record<string, string>>;

type Choice = 'header' | 'encoding' | 'message-id';

/** What a caller may choose of each scheme's headers. */
const choicesOf: Readonly<Record<WebhookScheme, readonly Choice[]>> = {
  HmacBody: ['header', 'encoding'],
  HmacTimestampBody: ['header', 'encoding'],
  StandardWebhooks: ['message-id'],
  CxoneExpert: ['message-id'],
  Bearer: [],
};

interface Signing {
  readonly settings: WebhookSettings;
  readonly secret: Uint8Array;
  /** The flag the secret came by. */
  readonly secretFlag: string;
}

const refusal = (problems: readonly Problem[]): UsageError => new UsageError(problems.map(problemText).join('; '));

const createSigner = ({ settings, secret, secretFlag }: Signing, flags: SignerFlags): Signer => {
  for (const choice of ['header', 'encoding', 'message-id'] as const) {
    if (flags[choice] === undefined || choicesOf[settings.scheme].includes(choice)) continue;
    throw new UsageError(`--${choice}: scheme ${settings.scheme} leaves no choice of it`);
  }
  const given = flags['message-id'];
  if (given !== undefined && !isMessageId(given))
    throw new UsageError('--message-id: expected 1 to 255 visible ASCII characters');
  const scheme: SignatureScheme = signatureSchemes[settings.scheme];
  const key = scheme.parseKey(secret, secretFlag);
  if (!key.ok) throw refusal(key.problems);
  return (body, now, messageId = given ?? createMessageId()) =>
    scheme.sign({ ...settings, messageId }, key.value, body, now);
};

const fromManifests = async (file: string, tenantId: string): Promise<Signing> => {
  const manifests = readManifests(await readBytes(file, 'manifests'), '');
  if (!manifests.ok) throw new UsageError(`--manifests ${file}: ${refusal(manifests.problems).message}`);
  const { tenants, verdicts } = decide(manifests.value, []);
  const tenant = tenants.find((each) => each.tenantId === tenantId);
  const [newest] = tenant?.webhook.keys ?? [];
  if (!tenant || newest === undefined) {
    const verdict = verdicts.find((each) => each.tenantId === tenantId);
    const why = [verdict?.accepted.message, verdict?.secretsResolved.message].filter(Boolean).join('; ');
    throw new UsageError(`--tenant: no usable tenant of this name in ${file}${why && ` (${why})`}`);
  }
  return { settings: tenant.webhook, secret: Buffer.from(newest, 'base64'), secretFlag: '--manifests' };
};

/** The flags by the rules of a DataActionConfig. */
const webhookFlags = closed(webhookFields);

const fromSecretFile = async (file: string, { scheme, header, encoding }: SignerFlags): Promise<Signing> => {
  const settings = decode(webhookFlags, { scheme, header, encoding });
  if (!settings.ok) throw refusal(settings.problems.map(({ path, expected }) => ({ path: `--${path}`, expected })));
  const secret = await readBytes(file, 'secret-file');
  const { secretBytesMin, secretBytesMax } = tenantLimits;
  if (secret.length < secretBytesMin || secret.length > secretBytesMax)
    throw new UsageError(`--secret-file: expected ${secretBytesMin} to ${secretBytesMax} bytes`);
  return { settings: settings.value, secret, secretFlag: '--secret-file' };
};

/** @throws UsageError */
export const loadSigner = async (flags: SignerFlags): Promise<Signer> => {
  const { manifests, tenant, 'secret-file': secretFile } = flags;
  if ((manifests === undefined) === (secretFile === undefined)) {
    throw new UsageError('exactly one of --manifests and --secret-file is required');
  }
  if (secretFile !== undefined) return createSigner(await fromSecretFile(secretFile, flags), flags);
  if (manifests === undefined || tenant === undefined) throw new UsageError('--tenant is required with --manifests');
  for (const flag of ['scheme', 'header', 'encoding'] as const) {
    if (flags[flag] !== undefined) throw new UsageError(`--${flag}: only with --secret-file, as manifests say it`);
  }
  return createSigner(await fromManifests(manifests, tenant), flags);
};
