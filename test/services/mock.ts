/** `cxone-actions mock` as a process, on ports of its own, with manifests in the test's hands. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { request } from 'undici';
import type { Answer } from './handler.ts';
import { ownDirectory, ownProcess } from './owned.ts';
import { type TenantOptions, tenantManifests } from './tenants.ts';
import { until } from './until.ts';

export interface Mock {
  readonly url: string;
  readonly cxoneUrl: string;
  /** What it printed so far, in whole lines. */
  lines(): readonly string[];
  /** The lines of so many requests, as JSON. */
  requests(count: number): Promise<readonly Record<string, unknown>[]>;
  stderr(): string;
  /** Posts as it is. */
  post(body: string | Buffer, headers?: Readonly<Record<string, string | string[]>>): Promise<Answer>;
  signal(name: NodeJS.Signals): void;
  /** @returns the exit code */
  ended: Promise<number | null>;
  /** Safe twice. */
  stop(): Promise<number | null>;
}

const program = join(import.meta.dirname, '../../cmd/cli/cxone-actions.mjs');

/** The tenants as a file of manifests. @returns its path */
export const writeManifests = (tenants: readonly TenantOptions[]): string => {
  const { configs, secrets } = tenantManifests(tenants);
  const objects = [...secrets].map(([key, { data }]) => {
    const [namespace, name] = key.split('/');
    const values = [...data].map(([field, value]) => [field, Buffer.from(value).toString('base64')]);
    return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, data: Object.fromEntries(values) };
  });
  const file = join(ownDirectory('manifests'), 'manifests.yaml');
  // JSON is YAML.
  writeFileSync(file, [...objects, ...configs].map((each) => JSON.stringify(each)).join('\n---\n'));
  return file;
};

const parse = (line: string): Record<string, unknown> => {
  const value: unknown = JSON.parse(line);
  return typeof value === 'object' && value !== null ? { ...value } : {};
};

/** @param args  beside `--json` and ports */
export const startMock = async (...args: readonly string[]): Promise<Mock> => {
  const own = ['mock', '--json', '--port', '0', '--cxone-port', '0'];
  const child = spawn(process.execPath, [program, ...own, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  ownProcess(() => child.pid);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const early = ended.then((code) => {
    throw new Error(`mock ended with ${code}: ${stderr}`);
  });
  early.catch(() => {});
  const lines = () => stdout.split('\n').slice(0, -1);
  const [first = '{}'] = await Promise.race([
    until('the mock', async () => {
      if (lines().length === 0) throw new Error('nothing printed yet');
      return lines();
    }),
    early,
  ]);
  const { url, cxoneUrl } = parse(first);
  let stopping: Promise<number | null> | undefined;
  return {
    url: String(url),
    cxoneUrl: String(cxoneUrl),
    lines,
    requests: (count) =>
      until(`${count} requests`, async () => {
        if (lines().length <= count) throw new Error(stdout);
        return lines().slice(1).map(parse);
      }),
    stderr: () => stderr,
    post: async (bytes, headers = {}) => {
      const {
        statusCode,
        headers: answered,
        body,
      } = await request(`${url}/data-action`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Connection: 'close', ...headers },
        body: bytes,
      });
      const answer = await text(body);
      return { status: statusCode, headers: answered, text: answer, json: parse(answer) };
    },
    signal: (name) => void child.kill(name),
    ended,
    stop: () => {
      stopping ??= ended;
      child.kill('SIGTERM');
      return stopping;
    },
  };
};
