/**
 * Files to sign with: a secret that is a key of every scheme, and manifests of one tenant that has it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WebhookScheme } from '../../pkg/tenant/webhook-spec.ts';
import { ownDirectory } from './owned.ts';

/** Base64 of 24 bytes, so visible ASCII too. */
export const anySecret = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

export interface SigningFiles {
  /** Of a file that may be there or not. */
  path(name: string): string;
  /** @returns its path */
  write(name: string, text: string): string;
  /** Of tenant `acme`, whose signature header is X-Proof. */
  manifests(scheme: WebhookScheme, secret?: string): string;
}

export const createSigningFiles = (): SigningFiles => {
  const folder = ownDirectory('signing');
  const path = (name: string) => join(folder, name);
  const write = (name: string, text: string): string => {
    writeFileSync(path(name), text);
    return path(name);
  };
  const manifests = (scheme: WebhookScheme, secret = anySecret): string =>
    write(
      `${scheme}-${secret.length}.yaml`,
      `apiVersion: v1
kind: Secret
metadata: {name: acme, namespace: default}
stringData: {current: ${JSON.stringify(secret)}}
---
apiVersion: dataactions.dev/v1alpha1
kind: DataActionConfig
metadata: {name: acme, namespace: default}
spec:
  tenantId: acme
  webhook: {scheme: ${scheme}, header: X-Proof, secretRefs: [{name: acme, key: current}]}
`,
    );
  return { path, write, manifests };
};
