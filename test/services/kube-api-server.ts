/**
 * `startKubeApiServer()`: a real kube-apiserver over a real etcd, of the caller's own, ended with the test process.
 *
 * There is nothing but the API: no controllers (nothing collects garbage, a namespace never goes away, aggregated roles such as
 * `edit` are empty), no nodes, no tokens of ServiceAccounts by themselves. Rights are tried with client certificates. Tests that need it are defined with
 * `testUnless(whyNoKube())`.
 *
 * Its ports are free when they are chosen. Another process may take one before the server does: then it is started again on others.
 */
import { basename, join } from 'node:path';
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
const etcdAnswerMs = 2_000;

/** Twice in a row happens to nobody, unless something is wrong that other ports do not mend. */
const portAttemptsMax = 3;
const portTaken = /address already in use/;

/** @param findPort  of loopback, free a moment ago
 * @throws when it does not start, with the last lines that it said; when its ports were taken each time, too */
export const startKubeApiServer = async (findPort = freePort): Promise<KubeApiServer> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnPorts({ server: await findPort(), etcd: await findPort(), peer: await findPort() });
    } catch (error) {
      if (!portTaken.test(String(error))) throw error;
      if (attempt === portAttemptsMax)
        throw new Error(`Kubernetes: a port was taken meanwhile, ${attempt} times in a row`, { cause: error });
    }
  }
};

interface Ports {
  readonly server: number;
  readonly etcd: number;
  readonly peer: number;
}

const startOnPorts = async (ports: Ports): Promise<KubeApiServer> => {
  const programs = kubePrograms();
  const folder = ownDirectory('kube');
  const etcd = createEtcd(programs, folder, ports);
  const authority = createCertificateAuthority(folder);
  const port = ports.server;
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
  await startTogether([etcd, server]);

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

/** All of them, or none. */
const startTogether = async (programs: readonly Program[]): Promise<void> => {
  try {
    await Promise.all(programs.map(({ start }) => start()));
  } catch (error) {
    await Promise.all(programs.map(({ kill }) => kill()));
    throw error;
  }
};

const createEtcd = (
  { etcd }: KubePrograms,
  folder: string,
  ports: Pick<Ports, 'etcd' | 'peer'>,
): Program & { readonly url: string } => {
  const url = `http://127.0.0.1:${ports.etcd}`;
  const peerUrl = `http://127.0.0.1:${ports.peer}`;
  const name = basename(folder);
  const program = createProgram({
    name: 'etcd',
    path: etcd,
    args: [
      `--name=${name}`,
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=${name}=${peerUrl}`,
      '--unsafe-no-fsync=true',
    ],
    folder,
    // Whoever took the port may be an etcd as well: only ours has this name.
    probe: async () => {
      const signal = AbortSignal.timeout(etcdAnswerMs);
      const answer = await fetch(`${url}/v3/cluster/member/list`, { method: 'POST', body: '{}', signal });
      const text = await answer.text();
      if (!answer.ok || !text.includes(`"${name}"`)) throw new Error(`etcd answered ${answer.status}`);
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
