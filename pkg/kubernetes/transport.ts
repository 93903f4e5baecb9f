/**
 * The connections to the API server: one undici Agent for all calls and watches, made anew only when the TLS files change.
 *
 * client-node's own KubeConfig makes an Agent, and so a TLS connection, for every request; here each request gets a
 * KubeConfig of its own that lends it the shared Agent through the request's Exchange. HTTP/1.1, so that a watch and a call never share a
 * connection and fail together. A replaced Agent closes when the last of its requests has ended.
 */
import { type Cluster, KubeConfig, type RequestContext } from '@kubernetes/client-node';
import { Agent } from 'undici';
import { kubernetesLimits } from '../process/limits.ts';
import type { Credentials, TlsMaterial } from './credentials.ts';
import type { Exchange } from './exchange.ts';

export interface Transport {
  /** For one request: client-node's APIs and Watch are made with it. */
  configFor(exchange: Exchange): KubeConfig;
  /** After a 401. */
  distrust(): void;
  /** Ends what is still going on. */
  close(): Promise<void>;
}

export const createTransport = (credentials: Credentials): Transport => {
  const agents = createAgents();
  const open: Open = async () => {
    const { headers, tls } = await credentials.read();
    return { headers, agent: agents.for(tls) };
  };
  return {
    configFor: (exchange) => new ExchangeConfig(credentials.cluster, open, exchange),
    distrust: credentials.distrust,
    close: agents.close,
  };
};

type Open = () => Promise<{ readonly headers: Readonly<Record<string, string>>; readonly agent: Agent }>;

/** A class because client-node's Watch asks for one. */
class ExchangeConfig extends KubeConfig {
  readonly #open: Open;
  readonly #exchange: Exchange;

  constructor(cluster: Cluster, open: Open, exchange: Exchange) {
    super();
    this.loadFromClusterAndUser(cluster, { name: 'exchange' });
    this.#open = open;
    this.#exchange = exchange;
  }

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    const { headers, agent } = await this.#open();
    for (const [name, value] of Object.entries(headers)) context.setHeaderParam(name, value);
    context.setDispatcher(this.#exchange.bind(agent));
    context.setSignal(this.#exchange.signal);
  }
}

const createAgents = () => {
  let current: { readonly material: string; readonly agent: Agent } | undefined;
  const retiring = new Set<Agent>();

  const retire = (agent: Agent): void => {
    retiring.add(agent);
    const done = () => void retiring.delete(agent);
    agent.close().then(done, done);
  };

  return {
    for: (tls: TlsMaterial): Agent => {
      const material = JSON.stringify(tls);
      if (current?.material === material) return current.agent;
      if (current !== undefined) retire(current.agent);
      current = { material, agent: createAgent(tls) };
      return current.agent;
    },
    close: async (): Promise<void> => {
      const all = [...retiring, ...(current === undefined ? [] : [current.agent])];
      current = undefined;
      await Promise.allSettled(all.map((agent) => agent.destroy()));
    },
  };
};

const createAgent = (tls: TlsMaterial): Agent =>
  new Agent({
    allowH2: false,
    connect: {
      ...tls,
      timeout: kubernetesLimits.connectTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelay: kubernetesLimits.probeAfterMs,
    },
    keepAliveTimeout: kubernetesLimits.keepAliveMs,
    // Exchanges are ended on our clock; these two only stand behind it.
    headersTimeout: 2 * kubernetesLimits.watchOpenMs,
    bodyTimeout: 2 * kubernetesLimits.watchSilenceMs,
  });
