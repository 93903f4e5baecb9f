/**
 * kubectl as people use it, with a kubeconfig of its own and nothing of this machine's user.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { KeyPair } from './certificates.ts';

export interface KubectlResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KubectlOptions {
  /** Its standard input. */
  readonly input: string;
  /** File. */
  readonly kubeconfig: string;
}

export type Kubectl = (args: readonly string[], options?: Partial<KubectlOptions>) => Promise<KubectlResult>;

const timeoutMs = 60_000;

/** @param kubectl  the program, and the directory where it works and keeps its cache */
export const runKubectl = async (
  kubectl: { readonly path: string; readonly folder: string },
  args: readonly string[],
  { input, kubeconfig }: KubectlOptions,
): Promise<KubectlResult> => {
  const child = spawn(kubectl.path, args, {
    cwd: kubectl.folder,
    env: { PATH: process.env.PATH, HOME: kubectl.folder, KUBECONFIG: kubeconfig },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: timeoutMs,
  });
  // It may end without having read its input.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
};

export interface Access {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly user: string;
  readonly keys: KeyPair;
}

/** @returns the file, beside the certificate's own. JSON is YAML. */
export const writeKubeconfig = (folder: string, { url, ca, user, keys }: Access): string => {
  const base64 = (pem: string) => Buffer.from(pem).toString('base64');
  const access = { 'client-certificate-data': base64(keys.certificate), 'client-key-data': base64(keys.key) };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: user, user: access }],
    contexts: [{ name: 'test', context: { cluster: 'test', user } }],
    'current-context': 'test',
  };
  const file = join(folder, `kubeconfig-${keys.certificateFile.replace(/^.*\/|\.crt$/g, '')}.json`);
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
};
