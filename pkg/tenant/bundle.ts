/**
 * A tenant as the controller hands it to the handler: the spec with its secrets in place. One line of a bundle file.
 *
 * Secrets are base64 of their bytes. Nothing in here is ever published; revisions are made without the secrets' values.
 */
import type { Parsed } from '../errors/problem.ts';
import { tenantLimits } from '../process/limits.ts';
import { type ActionSpec, actionSpec, encodeAction } from './action-spec.ts';
import { actionsOf, actionsSpec, defaultActions } from './actions-spec.ts';
import { type Codec, decodeJson, ruled, scalar } from './codec.ts';
import { closed, defaulted, list } from './codec-containers.ts';
import { text, whole } from './codec-scalars.ts';
import { shared } from './codec-shared.ts';
import { type CxoneSettings, cxoneFields, cxoneProblems } from './cxone-spec.ts';
import { objectName, revisionText } from './names.ts';
import { sharedFields, type TenantSpec, tenantProblems } from './spec.ts';
import { type WebhookSettings, webhookFields } from './webhook-spec.ts';

export interface TenantSource {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
}

export interface BundleWebhook extends WebhookSettings {
  /** Base64 of each secret's bytes, newest first; empty only for a tenant that cannot be served. */
  readonly keys: readonly string[];
  /** Of the Secrets the keys came from, in the same order. */
  readonly secretVersions: readonly string[];
}

/** Base64 of the bytes. */
export interface CxoneSecrets {
  readonly clientId: string;
  readonly clientSecret: string;
  /** With grant Password. */
  readonly accessKeyId?: string;
  readonly accessKeySecret?: string;
}

export interface BundleCxone extends CxoneSettings {
  readonly secrets: CxoneSecrets;
  readonly secretVersion: string;
}

export interface BundleTenant extends Omit<TenantSpec, 'webhook' | 'cxone'> {
  readonly source: TenantSource;
  /** 16 hex digits over everything but the secrets' values. */
  readonly revision: string;
  readonly webhook: BundleWebhook;
  readonly cxone?: BundleCxone;
}

const base64Max = Math.ceil(tenantLimits.secretBytesMax / 3) * 4;

const secret: Codec<string> = scalar('base64 of a secret', (value) =>
  typeof value === 'string' &&
  value.length > 0 &&
  value.length <= base64Max &&
  value.length % 4 === 0 &&
  /^[A-Za-z0-9+/]+={0,2}$/.test(value)
    ? value
    : undefined,
);

const secretVersion = text({ min: 1, max: 128 });

const bundleCxone: Codec<BundleCxone> = ruled<BundleCxone>(
  closed(
    {
      ...cxoneFields.required,
      secrets: closed({ clientId: secret, clientSecret: secret }, { accessKeyId: secret, accessKeySecret: secret }),
      secretVersion,
    },
    cxoneFields.optional,
  ),
  cxoneProblems,
);

const bundleTenantOf = (actions: Codec<readonly ActionSpec[]>): Codec<BundleTenant> =>
  ruled<BundleTenant>(
    closed(
      {
        ...sharedFields,
        actions: defaulted(actions, defaultActions),
        source: closed({
          namespace: objectName,
          name: objectName,
          uid: text({ max: 128 }),
          generation: whole(0, Number.MAX_SAFE_INTEGER),
        }),
        revision: revisionText,
        webhook: closed({
          ...webhookFields,
          keys: list(secret, 0, tenantLimits.webhookKeysMax),
          secretVersions: list(secretVersion, 0, tenantLimits.webhookKeysMax),
        }),
      },
      { cxone: bundleCxone },
    ),
    tenantProblems,
  );

export const encodeTenantLine = (tenant: BundleTenant): string =>
  JSON.stringify({ ...tenant, actions: tenant.actions.map(encodeAction) });

const bundleTenant = bundleTenantOf(actionsSpec);

/** A line that does not decode is refused as a whole; problems never carry what it held. */
export const decodeTenantLine = (line: string): Parsed<BundleTenant> => decodeJson(bundleTenant, line);

/** The same for many lines: equal actions of theirs are one object. */
export const createLineDecoder = (): ((line: string) => Parsed<BundleTenant>) => {
  const sharing = bundleTenantOf(actionsOf(shared(actionSpec)));
  return (line) => decodeJson(sharing, line);
};
