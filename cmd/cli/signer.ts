/**
 * How the CLI comes by a tenant's key and scheme: from the manifests one would apply, or from a file with the secret.
 */
import { decide } from '../../pkg/controller/decide.ts';
import { readManifests } from '../../pkg/controller/read-manifests.ts';
import type { Problem } from '../../pkg/errors/problem.ts';
import { decode } from '../../pkg/tenant/codec.ts';
import { closed } from '../../pkg/tenant/codec-containers.ts';
import { type WebhookScheme, type WebhookSettings, webhookFields } from '../../pkg/tenant/webhook-spec.ts';
import { createMessageId, isMessageId } from '../../pkg/webhook/message-id.ts';
import { signatureSchemes } from '../../pkg/webhook/schemes.ts';
import type { SignatureScheme } from '../../pkg/webhook/signature.ts';
import { UsageError } from './command.ts';
import { readBytes } from './read-bytes.ts';

/** Flags that say who signs, shared by the commands that sign. */
export const signerFlags = {
  manifests: { type: 'string', short: 'f' },
  tenant: { type: 'string', short: 't' },
  'secret-file': { type: 'string' },
  scheme: { type: 'string' },
  header: { type: 'string' },
  encoding: { type: 'string' },
  'message-id': { type: 'string' },
} as const;

export const signerHelp = `Who signs:
  -f, --manifests FILE    take key, scheme and header of --tenant from DataActionConfig and Secret manifests
  -t, --tenant ID         tenant id
      --secret-file FILE  or: the secret as the bytes of this file (a final newline is part of them)
      --scheme NAME       with --secret-file; ${Object.keys(signatureSchemes).join(', ')};
                          default HmacBody
      --header NAME       with --secret-file, HmacBody and HmacTimestampBody; default X-CXone-Signature
      --encoding NAME     with --secret-file, HmacBody and HmacTimestampBody; Hex (default) or Base64
      --message-id ID     StandardWebhooks and CxoneExpert; the same in every repeat; made up where left out`;

export type SignerFlags = { readonly [F in keyof typeof signerFlags]?: string | undefined };

/** @returns the headers a caller sends with `body`; `now` in Unix seconds */
export type Signer = (body: Uint8Array, now: number) => Readonly<Record<string, string>>;

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

const refusal = (problems: readonly Problem[]): UsageError =>
  new UsageError(problems.map(({ path, expected }) => `${path}: expected ${expected}`).join('; '));

const createSigner = ({ settings, secret, secretFlag }: Signing, flags: SignerFlags): Signer => {
  for (const choice of ['header', 'encoding', 'message-id'] as const) {
    if (flags[choice] === undefined || choicesOf[settings.scheme].includes(choice)) continue;
    throw new UsageError(`--${choice}: scheme ${settings.scheme} leaves no choice of it`);
  }
  const messageId = flags['message-id'] ?? createMessageId();
  if (!isMessageId(messageId)) throw new UsageError('--message-id: expected 1 to 255 visible ASCII characters');
  const scheme: SignatureScheme = signatureSchemes[settings.scheme];
  const key = scheme.parseKey(secret, secretFlag);
  if (!key.ok) throw refusal(key.problems);
  return (body, now) => scheme.sign({ ...settings, messageId }, key.value, body, now);
};

const fromManifests = async (file: string, tenantId: string): Promise<Signing> => {
  const text = await readBytes(file, 'manifests');
  const manifests = readManifests(text.toString('utf8'), '');
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
  return { settings: settings.value, secret: await readBytes(file, 'secret-file'), secretFlag: '--secret-file' };
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
