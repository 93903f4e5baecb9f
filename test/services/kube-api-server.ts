/**
 * `startKubeApiServer()`: a real kube-apiserver over a real etcd, of the caller's own, ended with the test process.
 *
 * There is nothing but the API: no controllers (nothing collects garbage, a namespace never goes away, aggregated roles such as
 * `edit` are empty), no nodes, no tokens of ServiceAccounts by themselves. Rights are tried with client certificates. Tests that need it are defined with
 * `testUnless(whyNoKube())`.
 */
import { join } from 'node:path';
import { freePort } from '../../cmd/dev/free-port.ts';
import { createCertificateAuthority, type KeyPair } from './certificates.ts';
import { type ApiAnswer, type ApiRequest, createKubeClient } from './kube-client.ts';
import { type KubePrograms, kubePrograms } from './kube-programs.ts';
import { type Kubectl, runKubectl, writeKubeconfig } from './kubectl.ts';
import { ownDirectory } from './owned.ts';
import { createProgram, type Program } from './program.ts';
import type { Service } from './service.ts';

/** `stop`, `kill` and `pause` are the API server's: etcd goes on and keeps what it holds. */
export interface KubeApiServer extends Service {
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  /** File: a member of system:masters, who may do everything. */
  readonly adminKubeconfig: string;
  /** A certificate that the server takes for `user`, a member of `groups`. */
  clientCertificateFor(user: string, groups?: readonly string[]): KeyPair;
  /** A kubeconfig file with such a certificate. */
  kubeconfigFor(user: string, groups?: readonly string[]): string;
  /** By default the admin asks. */
  readonly kubectl: Kubectl;
  /** One request of the admin, on a kept connection. @param path  with its query */
  ask(path: string, request?: ApiRequest): Promise<ApiAnswer>;
  createNamespace(name: string): Promise<void>;
}

/** Without open watches it ends within a second; for those it would wait a minute. */
const serverStopMs = 3_000;
const etcdStopMs = 10_000;

export const startKubeApiServer = async (): Promise<KubeApiServer> => {
  const programs = kubePrograms();
  const folder = ownDirectory('kube');
  const etcd = await createEtcd(programs, folder);
  const authority = createCertificateAuthority(folder);
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const admin = authority.forClient('admin', ['system:masters']);
  const client = createKubeClient(url, authority.certificate, admin);
  const server = createProgram({
    name: 'kube-apiserver',
    path: programs['kube-apiserver'],
    args: serverArguments({ port, etcdUrl: etcd.url, authority, serving: authority.forServer(), folder }),
    folder,
    probe: async () => {
      await client.expect(200, '/readyz');
      await client.expect(200, '/api/v1/namespaces/default');
    },
    stopLimitMs: serverStopMs,
  });
  await Promise.all([etcd.start(), server.start()]);

  const kubeconfigOf = (user: string, keys: KeyPair) =>
    writeKubeconfig(folder, { url, ca: authority.certificate, user, keys });
  const adminKubeconfig = kubeconfigOf('admin', admin);
  const clientCertificateFor = (user: string, groups: readonly string[] = []) => authority.forClient(user, groups);
  return {
    ...server,
    host: '127.0.0.1',
    port,
    url,
    ca: authority.certificate,
    adminKubeconfig,
    clientCertificateFor,
    kubeconfigFor: (user, groups) => kubeconfigOf(user, clientCertificateFor(user, groups)),
    kubectl: (args, { input = '', kubeconfig = adminKubeconfig } = {}) =>
      runKubectl({ path: programs.kubectl, folder }, args, { input, kubeconfig }),
    ask: client.ask,
    createNamespace: async (name) => {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
      await client.expect(201, '/api/v1/namespaces', { method: 'POST', body });
    },
  };
};

const createEtcd = async ({ etcd }: KubePrograms, folder: string): Promise<Program & { readonly url: string }> => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const peerUrl = `http://127.0.0.1:${await freePort()}`;
  const program = createProgram({
    name: 'etcd',
    path: etcd,
    args: [
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      '--unsafe-no-fsync=true',
    ],
    folder,
    probe: async () => {
      const { ok, status } = await fetch(`${url}/health`);
      if (!ok) throw new Error(`etcd answered ${status}`);
    },
    stopLimitMs: etcdStopMs,
  });
  return { ...program, url };
};

interface ServerOptions {
  readonly port: number;
  readonly etcdUrl: string;
  readonly authority: KeyPair;
  readonly serving: KeyPair;
  readonly folder: string;
}

const serverArguments = ({ port, etcdUrl, authority, serving, folder }: ServerOptions): readonly string[] => [
  `--etcd-servers=${etcdUrl}`,
  `--cert-dir=${folder}`,
  '--bind-address=127.0.0.1',
  '--advertise-address=127.0.0.1',
  // Nobody looks it up in the Service `kubernetes`, which must not name a loopback address.
  '--endpoint-reconciler-type=none',
  `--secure-port=${port}`,
  `--tls-cert-file=${serving.certificateFile}`,
  `--tls-private-key-file=${serving.keyFile}`,
  `--client-ca-file=${authority.certificateFile}`,
  '--service-cluster-ip-range=10.0.0.0/24',
  '--authorization-mode=RBAC',
  // It would demand ServiceAccounts that no controller makes here.
  '--disable-admission-plugins=ServiceAccount',
  `--service-account-issuer=https://127.0.0.1:${port}/`,
  `--service-account-key-file=${serving.certificateFile}`,
  `--service-account-signing-key-file=${serving.keyFile}`,
];
