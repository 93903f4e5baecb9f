/**
 * Handler and controller where they may not listen: the setting by its name, what is wrong with it, and nothing of a stack.
 */
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ownDirectory } from '../services/owned.ts';

const launcher = join(import.meta.dirname, '../../cmd/launch.mjs');
const BUNDLE_DIR = ownDirectory('bundle');
const processes = {
  handler: { ADMIN_PORT: '0', PORT: '0', DATABASE_URL: 'postgres://a-login@127.0.0.1:1/none' },
  controller: { CONTROLLER_ADMIN_PORT: '0', KUBERNETES_SERVICE_HOST: '127.0.0.1' },
} as const;

/** @returns the exit code, and the only line that it logs */
const begin = (name: keyof typeof processes, settings: Readonly<Record<string, string>>) => {
  const env = { PATH: process.env.PATH, BUNDLE_DIR, ...processes[name], ...settings };
  const { status, stdout } = spawnSync(process.execPath, [launcher, name], { env, encoding: 'utf8' });
  const { level, msg, error } = JSON.parse(stdout);
  return [status, level, msg, error];
};

for (const name of ['handler', 'controller'] as const) {
  test(`an address of another machine: ${name}`, () => {
    const said = 'HOST: expected an address of this machine, or a name that leads to one (EADDRNOTAVAIL)';
    assert.equal(begin(name, { HOST: '192.0.2.1' }), [1, 'fatal', said, undefined]);
  });

  test(`a port that is taken: ${name}`, async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = Object(taken.address());
    const setting = name === 'handler' ? 'ADMIN_PORT' : 'CONTROLLER_ADMIN_PORT';
    const said = `${name === 'handler' ? 'PORT or ADMIN_PORT' : setting}: ${port} is taken`;
    assert.equal(begin(name, { HOST: '127.0.0.1', [setting]: String(port) }), [1, 'fatal', said, undefined]);
    taken.close();
  });
}

test.run();
