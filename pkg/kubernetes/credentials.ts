/**
 * Where the API server is and how to be let in: in a pod from the files of its ServiceAccount, elsewhere from a kubeconfig.
 *
 * Files are read again for each request, so that a new authority or certificate is used as soon as it is there.
 * Takes no default: `KubeConfig.loadFromDefault` would fall back to an unprotected server on this machine.
 */
import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { join } from 'node:path';
import { type Cluster, KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../process/clock.ts';
import { NoCredentials } from './api-failure.ts';
import { createTokenFile, type TokenFile } from './token-file.ts';

export type KubernetesSource =
  | {
      readonly kind: 'in-cluster';
      /** KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT. */
      readonly host: string;
      readonly port: string;
      /** With `token`, `ca.crt` and `namespace`; default: where the kubelet puts them. */
      readonly directory?: string;
    }
  | { readonly kind: 'kubeconfig'; readonly file: string };

/** What a TLS connection is made with; equal texts mean the same connection can be used. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface Access {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
}

export interface Credentials {
  readonly cluster: Cluster;
  /** Where the pod runs, or what the kubeconfig's context says. */
  readonly namespace: string | undefined;
  /** @throws NoCredentials */
  read(): Promise<Access>;
  /** After a 401. */
  distrust(): void;
}

const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** @throws when the kubeconfig cannot be read or leads nowhere */
export const loadCredentials = (source: KubernetesSource, clock: Clock): Credentials =>
  source.kind === 'in-cluster' ? inCluster(source, clock) : fromKubeconfig(source.file);

const inCluster = (
  { host, port, directory = serviceAccountDirectory }: Extract<KubernetesSource, { kind: 'in-cluster' }>,
  clock: Clock,
): Credentials => {
  const config = new KubeConfig();
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const cluster = { name: 'in-cluster', server, caFile: join(directory, 'ca.crt'), skipTLSVerify: false };
  config.loadFromClusterAndUser(cluster, { name: 'service-account' });
  const token = createTokenFile(join(directory, 'token'), clock);
  return createCredentials(config, cluster, { namespace: readNamespace(directory), token });
};

const readNamespace = (directory: string): string | undefined => {
  try {
    return readFileSync(join(directory, 'namespace'), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
};

const fromKubeconfig = (file: string): Credentials => {
  const config = new KubeConfig();
  config.loadFromFile(file);
  const cluster = config.getCurrentCluster();
  if (!cluster?.server.startsWith('https://')) throw new Error('the kubeconfig leads to no https server');
  if (cluster.proxyUrl !== undefined) throw new Error('a kubeconfig with a proxy-url is not supported');
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  return createCredentials(config, cluster, { namespace, token: undefined });
};

interface Parts {
  readonly namespace: string | undefined;
  readonly token: TokenFile | undefined;
}

const createCredentials = (config: KubeConfig, cluster: Cluster, { namespace, token }: Parts): Credentials => {
  let last: Access | undefined;
  const readFiles = async (): Promise<Access> => {
    try {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      last = { headers: headersOf(options), tls: tlsOf(options) };
      return last;
    } catch (error) {
      // A file on its way to being replaced; what was good a moment ago may still be.
      if (last === undefined) throw new NoCredentials(error);
      return last;
    }
  };
  return {
    cluster,
    namespace,
    read: async () => {
      const access = await readFiles();
      if (token === undefined) return access;
      return { ...access, headers: { ...access.headers, Authorization: `Bearer ${await token.read()}` } };
    },
    distrust: () => token?.distrust(),
  };
};

const headersOf = ({ headers }: RequestOptions): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers ?? {}).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );

const tlsOf = ({ ca, cert, key, servername, rejectUnauthorized }: RequestOptions): TlsMaterial => ({
  ...(Buffer.isBuffer(ca) && { ca: ca.toString('utf8') }),
  ...(Buffer.isBuffer(cert) && { cert: cert.toString('utf8') }),
  ...(Buffer.isBuffer(key) && { key: key.toString('utf8') }),
  ...(servername !== undefined && { servername }),
  ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
});
