/**
 * schemathesis as a child process: requests generated from a document, against a handler on loopback.
 */
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ownDirectory, ownProcess } from '../services/owned.ts';

const folder = import.meta.dirname;
const wanted = /^schemathesis==(.+)$/m.exec(readFileSync(join(folder, 'requirements.txt'), 'utf8'))?.[1] ?? '';
const path = [join(folder, '.venv', 'bin'), process.env.PATH].join(delimiter);

/** Another version generates other requests and may have other checks. @returns undefined when it is there */
export const whyNoSchemathesis = (): string | undefined => {
  const { stdout } = spawnSync('schemathesis', ['--version'], { env: { PATH: path }, encoding: 'utf8' });
  return stdout?.trim().endsWith(` ${wanted}`)
    ? undefined
    : `schemathesis ${wanted} is not there: test/openapi/install.sh brings it, and needs Python 3.10 or newer`;
};

export interface Generated {
  /** 0: every answer was one that the document has. */
  readonly status: number;
  readonly output: string;
}

interface GenerateOptions {
  /** URL or file of the document. */
  readonly document: string;
  /** Base URL of the handler. */
  readonly url: string;
  readonly key: string;
  /** Beside those that look at every bound. */
  readonly examples: number;
  /** Ends the run. */
  readonly failuresMax?: number;
}

/** The same seed gives the same requests. */
const seed = 1;
const timeoutMs = 150_000;

export const generate = ({ document, url, key, examples, failuresMax = 20 }: GenerateOptions): Promise<Generated> => {
  const args = ['--config-file', join(folder, 'schemathesis.toml'), 'run', document, '--url', url];
  const bounds = [
    '--max-examples',
    String(examples),
    '--seed',
    String(seed),
    '--max-redirects',
    '0',
    '--max-failures',
    String(failuresMax),
  ];
  const env = {
    PATH: path,
    // Nothing goes anywhere but to the handler.
    NO_PROXY: '*',
    TENANT_KEY: key,
    SCHEMATHESIS_HOOKS: join(folder, 'hooks.py'),
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUTF8: '1',
  };
  const options = { cwd: ownDirectory('schemathesis'), env, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    const child = execFile('schemathesis', [...args, ...bounds], options, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code ?? 1) : 0, output: `${stdout}${stderr}`.slice(-20_000) }),
    );
    ownProcess(() => child.pid);
  });
};
