/**
 * `startPrometheus()`: a real Prometheus of the caller's own that scrapes what the test tells it, ended with the test process.
 *
 * Tests that need it are defined with `testUnless(whyNoPrometheus())`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../../cmd/dev/free-port.ts';
import { findProgram } from './kube-programs.ts';
import { ownDirectory } from './owned.ts';
import { createProgram } from './program.ts';

export interface ScrapeTarget {
  /** `host:port` */
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A selector as it stands in an expression. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly name: string; readonly type: string; readonly value: string }[];
}

export interface RuleHealth {
  readonly name: string;
  /** `unknown` until it was evaluated. */
  readonly health: string;
  readonly lastError: string;
}

export interface PrometheusClient {
  /** An instant query, now. @throws what Prometheus says of it */
  query(expr: string): Promise<readonly Sample[]>;
  /** Every selector of an expression, as Prometheus reads it. */
  selectorsOf(expr: string): Promise<readonly Selector[]>;
  /** Values of a label, of series that match. */
  labelValues(label: string, selector: string): Promise<readonly string[]>;
  rules(): Promise<readonly RuleHealth[]>;
}

export interface TestPrometheus extends PrometheusClient {
  stop(): Promise<void>;
}

interface PrometheusOptions {
  readonly job: string;
  readonly targets: readonly ScrapeTarget[];
  readonly rulesFile: string;
}

const name = 'prometheus';
const stopLimitMs = 10_000;

export const whyNoPrometheus = (): string | undefined =>
  findProgram(name) === undefined ? 'prometheus is neither in KUBEBUILDER_ASSETS nor on the PATH' : undefined;

export const startPrometheus = async ({ job, targets, rulesFile }: PrometheusOptions): Promise<TestPrometheus> => {
  const folder = ownDirectory(name);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  writeFileSync(
    join(folder, 'prometheus.yml'),
    stringify({
      global: { scrape_interval: '200ms', scrape_timeout: '200ms', evaluation_interval: '500ms' },
      rule_files: [rulesFile],
      scrape_configs: [
        { job_name: job, static_configs: targets.map(({ address, labels }) => ({ targets: [address], labels })) },
      ],
    }),
  );
  const server = createProgram({
    name,
    path: findProgram(name) ?? name,
    args: [
      '--config.file=prometheus.yml',
      '--storage.tsdb.path=data',
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    folder,
    probe: async () => {
      if (!(await fetch(`${url}/-/ready`)).ok) throw new Error('not ready');
    },
    stopLimitMs,
  });
  await server.start();

  return { ...prometheusClient(url), stop: server.stop };
};

/** Asks one that is there already. @param url  without a path */
export const prometheusClient = (url: string): PrometheusClient => {
  const ask = async (path: string, parameters: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const answer = Object(await response.json());
    if (answer.status !== 'success') throw new Error(`${path}: ${answer.error}`);
    return answer.data;
  };
  return {
    query: async (expr) => {
      const { result } = Object(await ask('query', { query: expr }));
      return listOf(result).map((each) => {
        const { metric, value } = Object(each);
        return { labels: metric, value: Number(listOf(value)[1]) };
      });
    },
    selectorsOf: async (expr) => selectorsIn(await ask('parse_query', { query: expr })),
    labelValues: async (label, selector) =>
      listOf(await ask(`label/${label}/values`, { 'match[]': selector })).map(String),
    rules: async () =>
      listOf(Object(await ask('rules')).groups)
        .flatMap((group) => listOf(Object(group).rules))
        .map((rule) => ({ lastError: '', ...Object(rule) })),
  };
};

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Of the tree that Prometheus makes of an expression: wherever they stand. */
const selectorsIn = (node: unknown): readonly Selector[] => {
  if (typeof node !== 'object' || node === null) return [];
  const { type, name, matchers } = Object(node);
  const own = type === 'vectorSelector' || type === 'matrixSelector';
  if (own) return [{ metric: String(name), matchers: matchers ?? [] }];
  return Object.values(node).flatMap(selectorsIn);
};
