/**
 * A handler process over real servers, with its configuration in the test's hands: what integration tests talk to.
 *
 * It runs the same entry as production, over HTTP, with a bundle written by the same code as the controller's.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { startHandlerProcess } from '../../cmd/dev/handler-process.ts';
import { decide, type Gathered } from '../../pkg/controller/decide.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { writeBundle } from '../../pkg/tenant/bundle-directory.ts';
import { decodeReport, type TenantReport } from '../../pkg/tenant/report.ts';
import type { WebhookSettings } from '../../pkg/tenant/webhook-spec.ts';
import { signatureSchemes } from '../../pkg/webhook/schemes.ts';
import { ownDirectory, ownProcess } from './owned.ts';
import { secretOf, type TenantOptions, tenantManifests } from './tenants.ts';
import { until } from './until.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as parsed. */
  readonly json: Record<string, unknown>;
}

export interface SignOptions {
  /** Signs with this instead of the tenant's secret. */
  readonly secret?: string;
  /** Unix seconds; default: the time. */
  readonly now?: number;
  readonly messageId?: string;
}

export interface AskOptions extends SignOptions {
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly unsigned?: boolean;
}

export interface TestHandler {
  readonly port: number;
  readonly url: string;
  readonly adminUrl: string;
  readonly pid: number | undefined;
  /** Where its shard files are. */
  readonly bundleDir: string;
  /** Everything it has written so far. */
  output(): string;
  /** `false`: nobody reads what it writes, until `true`. */
  readOutput(isRead: boolean): void;
  /** Replaces the whole configuration; resolves when the handler has taken it over, with its report of each tenant. */
  configure(tenants: readonly TenantOptions[]): Promise<readonly TenantReport[]>;
  /** The same, and every tenant runs it: none waits for PostgreSQL to look at its statements. */
  apply(tenants: readonly TenantOptions[]): Promise<void>;
  /** The same with manifests as they were read. */
  applyGathered(gathered: Gathered): Promise<void>;
  /** Signs and posts `{action, input: {tenant_id, ...input}, context}`. */
  ask(tenantId: string, input: object, options?: AskOptions & { action?: string; context?: object }): Promise<Answer>;
  /** The headers that a caller sends with the body, by the tenant's scheme. */
  sign(tenantId: string, body: string | Buffer, options?: SignOptions): Readonly<Record<string, string>>;
  /** Posts bytes as they are, signed for the tenant. */
  post(tenantId: string, body: string | Buffer, options?: AskOptions): Promise<Answer>;
  admin(path: string): Promise<Answer>;
  /** Resolves when /readyz says so. */
  ready(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  exited(): Promise<number | null>;
  /** Safe twice. */
  stop(): Promise<void>;
}

const parse = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
};

/** For whom no scheme was configured. */
const defaultWebhook: WebhookSettings = {
  scheme: 'HmacBody',
  header: 'X-CXone-Signature',
  encoding: 'Hex',
  toleranceSeconds: 300,
};

export const defaultAction = 'process_customer_batch';

/**
 * @param env       at least DATABASE_URL; everything the handler's settings know
 * @param launcher  of a build; left out: that of the sources
 */
export const startHandler = async (
  env: Readonly<Record<string, string>>,
  tenants: readonly TenantOptions[] = [{ tenantId: 'acme' }],
  launcher?: string,
): Promise<TestHandler> => {
  const bundleDir = join(ownDirectory('bundle'), 'bundle');
  let webhooks: ReadonlyMap<string, WebhookSettings> = new Map();
  const write = async (gathered: Gathered) => {
    await mkdir(bundleDir, { recursive: true });
    const decision = decide(gathered, []);
    const broken = decision.verdicts.find(({ accepted, secretsResolved }) => !accepted.ok || !secretsResolved.ok);
    if (broken) throw new Error(`the test's own manifests are refused: ${JSON.stringify(broken)}`);
    webhooks = new Map(decision.tenants.map(({ tenantId, webhook }) => [tenantId, webhook]));
    return writeBundle(bundleDir, decision.tenants, systemClock);
  };
  await write(tenantManifests(tenants));

  let output = '';
  let stopping: Promise<void> | undefined;
  const handler = await startHandlerProcess(
    { HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', DRAIN_DELAY_MS: '0', BUNDLE_DIR: bundleDir, ...env },
    { stdio: 'pipe', onOutput: (text) => (output += text), ...(launcher !== undefined && { launcher }) },
  );
  ownProcess(() => handler.child.pid);
  const agent = new Agent({
    connections: 1_024,
    keepAliveTimeout: 60_000,
    bodyTimeout: 60_000,
    headersTimeout: 60_000,
  });
  const url = `http://127.0.0.1:${handler.port}`;
  const adminUrl = `http://127.0.0.1:${handler.adminPort}`;

  const fetchAnswer = async (target: string, options: Parameters<typeof request>[1]): Promise<Answer> => {
    const { statusCode, headers, body } = await request(target, { dispatcher: agent, ...options });
    const text = await body.text();
    return { status: statusCode, headers, text, json: parse(text) };
  };

  const sign: TestHandler['sign'] = (tenantId, body, { secret = secretOf(tenantId), now, messageId } = {}) => {
    const settings = webhooks.get(tenantId) ?? defaultWebhook;
    const scheme = signatureSchemes[settings.scheme];
    const key = scheme.parseKey(Buffer.from(secret), 'secret');
    if (!key.ok) throw new Error(`the test's own secret is no key of ${settings.scheme}`);
    const options = { ...settings, ...(messageId !== undefined && { messageId }) };
    return scheme.sign(options, key.value, Buffer.from(body), now ?? Math.floor(systemClock.wall() / 1_000));
  };

  const post: TestHandler['post'] = (tenantId, body, options = {}) => {
    const bytes = Buffer.from(body);
    const signature = options.unsigned ? {} : sign(tenantId, bytes, options);
    const headers = { 'Content-Type': 'application/json', ...signature, ...options.headers };
    return fetchAnswer(`${url}/data-action`, { method: 'POST', headers, body: bytes });
  };

  const admin = (path: string) => fetchAnswer(adminUrl + path, { method: 'GET' });

  const takenOver = async (gathered: Gathered) => {
    const { revision } = await write(gathered);
    return until('the configuration', async () => {
      const report = decodeReport((await admin('/config')).text);
      if (!report.ok || report.value.revision !== revision) throw new Error('not taken over yet');
      return report.value.tenants;
    });
  };

  const applyGathered: TestHandler['applyGathered'] = async (gathered) => {
    await takenOver(gathered);
    await until('every tenant', async () => {
      const report = decodeReport((await admin('/config')).text);
      const waiting = report.ok ? report.value.tenants.filter(({ state }) => state === 'Waiting') : [];
      if (!report.ok || waiting.length > 0) throw new Error(`${waiting.map(({ tenantId }) => tenantId)} wait`);
    });
  };

  return {
    port: handler.port,
    url,
    adminUrl,
    pid: handler.child.pid,
    bundleDir,
    output: () => output,
    readOutput: (isRead) => void (isRead ? handler.child.stdout?.resume() : handler.child.stdout?.pause()),
    configure: (wanted) => takenOver(tenantManifests(wanted)),
    apply: (wanted) => applyGathered(tenantManifests(wanted)),
    applyGathered,
    ask: (tenantId, input, { action = defaultAction, context, ...options } = {}) =>
      post(tenantId, JSON.stringify({ action, input: { tenant_id: tenantId, ...input }, context }), options),
    sign,
    post,
    admin,
    ready: () =>
      until('readiness', async () => {
        const { status, text } = await admin('/readyz');
        if (status !== 200) throw new Error(text);
      }),
    signal: (name) => void handler.child.kill(name),
    exited: () => handler.exited,
    stop: () => {
      // Kept connections go at once: they would be waited for, in case their next request is on its way.
      stopping ??= Promise.all([handler.stop(), agent.close()]).then(() => {});
      return stopping;
    },
  };
};
