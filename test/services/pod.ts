/**
 * What runs in one pod: a controller and a handler over one bundle directory, against a real API server and a real PostgreSQL. Each can be
 * ended and started again by itself.
 */
import { join } from 'node:path';
import { type ControllerProcess, startControllerProcess } from '../../cmd/dev/controller-process.ts';
import type { EntryProcess } from '../../cmd/dev/entry-process.ts';
import { freePort } from '../../cmd/dev/free-port.ts';
import { type HandlerProcess, startHandlerProcess } from '../../cmd/dev/handler-process.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { hmacKey } from '../../pkg/webhook/hmac.ts';
import { hmacBody } from '../../pkg/webhook/hmac-body.ts';
import { ownDirectory, ownProcess } from './owned.ts';
import { until } from './until.ts';

export interface PodOptions {
  readonly databaseUrl: string;
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly name?: string;
  readonly controllerEnv?: Readonly<Record<string, string>>;
  readonly handlerEnv?: Readonly<Record<string, string>>;
  /** Of a build, which starts both; left out: that of the sources. */
  readonly launcher?: string;
}

export interface PodAnswer {
  readonly status: number;
  readonly text: string;
}

/** One process of a pod, as long as the pod. */
export interface PodProcess {
  start(): Promise<void>;
  /** @returns the exit code */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
  /** Everything that it and those before it have written. */
  output(): string;
  pid(): number | undefined;
  /** Of its admin port. */
  readonly url: string;
  page(path: string): Promise<PodAnswer>;
}

export interface Pod {
  readonly bundleDir: string;
  /** Of the handler. */
  readonly url: string;
  readonly controller: PodProcess;
  readonly handler: PodProcess;
  /** Signs with HmacBody and posts `{action, input: {tenant_id, ...input}}`. */
  ask(
    tenantId: string,
    input: object,
    options: { readonly secret: string; readonly action?: string },
  ): Promise<PodAnswer>;
  stop(): Promise<void>;
}

const scheme = { header: 'X-CXone-Signature', encoding: 'Hex', toleranceSeconds: 300 } as const;

const answerOf = async (response: Response): Promise<PodAnswer> => ({
  status: response.status,
  text: await response.text(),
});

/** Neither of them runs yet. */
export const createPod = async (options: PodOptions): Promise<Pod> => {
  const { databaseUrl, kubeconfig, namespace, name = 'pod' } = options;
  const bundleDir = join(ownDirectory('pod'), 'bundle');
  const [port, handlerPort, controllerPort] = [await freePort(), await freePort(), await freePort()];
  const launcher = options.launcher === undefined ? {} : { launcher: options.launcher };
  const common = { HOST: '127.0.0.1', BUNDLE_DIR: bundleDir, LOG_LEVEL: 'debug' };

  const handler = createPodProcess<HandlerProcess>(handlerPort, (onOutput) =>
    startHandlerProcess(
      {
        ...common,
        DATABASE_URL: databaseUrl,
        PORT: String(port),
        ADMIN_PORT: String(handlerPort),
        DRAIN_DELAY_MS: '0',
        ...options.handlerEnv,
      },
      { stdio: 'pipe', onOutput, ...launcher },
    ),
  );
  const controller = createPodProcess<ControllerProcess>(controllerPort, (onOutput) =>
    startControllerProcess(
      {
        ...common,
        KUBECONFIG: kubeconfig,
        WATCH_NAMESPACE: namespace,
        POD_NAMESPACE: namespace,
        POD_NAME: name,
        HANDLER_ADMIN_URL: `http://127.0.0.1:${handlerPort}`,
        CONTROLLER_ADMIN_PORT: String(controllerPort),
        ...options.controllerEnv,
      },
      { stdio: 'pipe', onOutput, ...launcher },
    ),
  );

  const url = `http://127.0.0.1:${port}`;
  return {
    bundleDir,
    url,
    controller,
    handler,
    ask: async (tenantId, input, { secret, action = 'process_customer_batch' }) => {
      const body = JSON.stringify({ action, input: { tenant_id: tenantId, ...input } });
      const headers = hmacBody.sign(scheme, hmacKey(secret), Buffer.from(body), Math.floor(systemClock.wall() / 1_000));
      return answerOf(await fetch(`${url}/data-action`, { method: 'POST', headers, body }));
    },
    stop: async () => {
      await Promise.all([controller.stop(), handler.stop()]);
    },
  };
};

const createPodProcess = <P extends EntryProcess>(
  adminPort: number,
  launch: (onOutput: (text: string) => void) => Promise<P>,
): PodProcess => {
  const url = `http://127.0.0.1:${adminPort}`;
  let current: P | undefined;
  let output = '';
  ownProcess(() => current?.child.pid);
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    const ending = current;
    current = undefined;
    ending?.child.kill(signal);
    return (await ending?.exited) ?? null;
  };
  return {
    start: async () => {
      current ??= await launch((text) => {
        output += text;
      });
    },
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
    output: () => output,
    pid: () => current?.child.pid,
    url,
    page: async (path) => answerOf(await fetch(url + path)),
  };
};

/** Resolves when the page answers 200. */
export const untilUp = (what: string, { page }: PodProcess, path: string): Promise<void> =>
  until(what, async () => {
    const { status, text } = await page(path);
    if (status !== 200) throw new Error(text);
  });
