// also over docker
// time limit: 400 s
/** The image as Docker builds it: what is in it and what is not, and that all three programs run in it as confined as in a pod. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commands } from '../../cmd/cli/commands.ts';
import { at } from '../services/helm.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';
import { buildImage, docker, runOn, runOnce, whyNoBuild } from './docker.ts';

const root = join(import.meta.dirname, '../..');
const tag = `cxone-data-actions:test-${process.pid}`;
const leftOut = (process.env.TEST_SERVICES ?? 'docker') !== 'docker';
const missing = leftOut ? undefined : whyNoBuild();
const testImage = leftOut
  ? (title: string) => test.skip(`${title} (TEST_SERVICES=${process.env.TEST_SERVICES} leaves Docker out)`)
  : testUnless(missing);
const bytesMax = 200_000_000;
const version: unknown = at(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')), 'version');

test.before(() => {
  if (leftOut || missing !== undefined) return;
  buildImage(tag, `--build-arg=VERSION=${version}`, '--build-arg=REVISION=tested');
});

const inspected = (path: string): unknown => {
  const [image]: readonly unknown[] = JSON.parse(docker('image', 'inspect', tag).stdout);
  return at(image, path);
};

testImage('is small, and runs as a user of its own, chosen by arguments', () => {
  assert.ok(Number(inspected('Size')) < bytesMax, String(inspected('Size')));
  assert.is(inspected('Config.User'), '65532:65532');
  assert.equal(inspected('Config.Entrypoint'), ['/usr/local/bin/node', '/app/cmd/launch.mjs']);
  assert.equal(inspected('Config.Cmd'), ['handler']);
  const labels: object = Object(inspected('Config.Labels'));
  for (const name of ['title', 'description', 'licenses']) {
    assert.ok(Reflect.get(labels, `org.opencontainers.image.${name}`), name);
  }
  assert.is(Reflect.get(labels, 'org.opencontainers.image.version'), version);
  assert.is(Reflect.get(labels, 'org.opencontainers.image.revision'), 'tested');
});

testImage('has no shell, no package manager, no sources, and nothing its user could write to but two folders', () => {
  // Node reads its own root: the paths, who owns them, and what others may do.
  const script = `const fs=require('fs');const seen=[];const walk=(d)=>{for(const e of fs.readdirSync(d||'/',{withFileTypes:true})){
    const p=d+'/'+e.name;if(/^\\/(proc|sys|dev)/.test(p))continue;const s=fs.lstatSync(p);
    seen.push({p,uid:s.uid,mode:s.mode&0o777,link:s.isSymbolicLink()});if(s.isDirectory())walk(p);}};walk('');console.log(JSON.stringify(seen))`;
  const { code, stdout, stderr } = runOnce(tag, ['-e', script], ['--entrypoint=/usr/local/bin/node']);
  assert.is(code, 0, stderr);
  const seen: readonly { p: string; uid: number; mode: number; link: boolean }[] = JSON.parse(stdout);
  const paths = seen.map(({ p }) => p);
  assert.ok(paths.length > 1_000);
  const unwanted =
    /\/(?:sh|bash|busybox|npm|npx|apt|curl)$|\.ts$|\.map$|\/app\/cmd\/dev|\.test\.[cm]?js$|\/@kubernetes\/|\/node_modules\/(?:ioredis|pino|prom-client)\//;
  assert.equal(
    paths.filter((path) => unwanted.test(path)),
    [],
  );
  const writable = seen.filter(({ uid, mode, link }) => !link && (uid === 65_532 || (mode & 0o002) !== 0));
  assert.equal(writable.map(({ p }) => p).toSorted(), ['/run/data-actions', '/tmp']);
  const wanted = [
    '/etc/ssl/certs/ca-certificates.crt',
    '/app/cmd/handler/licenses.txt',
    '/app/cmd/controller/licenses.txt',
  ];
  for (const path of wanted) assert.ok(paths.includes(path), path);
});

testImage('the CLI runs, with every command', () => {
  assert.is(runOnce(tag, ['cli', '--version']).stdout.trim(), version);
  for (const name of Object.keys(commands)) assert.is(runOnce(tag, ['cli', name, '--help']).code, 0, name);
  const mount = `--volume=${join(root, 'deploy/examples')}:/examples:ro`;
  const validated = runOnce(tag, ['cli', 'validate', '-f', '/examples/quickstart.yaml'], [mount]);
  assert.match(validated.stdout, '2 tenants: 0 problems');
  assert.match(runOnce(tag, ['cli', 'schema', '--print']).stdout, 'CREATE TABLE IF NOT EXISTS audit_log');
});

testImage('handler and controller say what they lack', () => {
  for (const [program, lacks] of Object.entries({ handler: 'DATABASE_URL', controller: 'KUBECONFIG' })) {
    const { code, stderr } = runOnce(tag, [program]);
    assert.is(code, 2, program);
    assert.match(stderr, `${lacks}: expected`);
  }
});

/** Asks from inside, where there is no other program. */
const ask = async (id: string, url: string): Promise<void> => {
  const script = `fetch('${url}').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(2))`;
  const { code } = docker('exec', id, '/usr/local/bin/node', '-e', script);
  if (code !== 0) throw new Error(`${url}: ${code}`);
};

testImage('the handler serves without anything to write to, and ends at SIGTERM', async () => {
  const env = ['--env=DATABASE_URL=postgres://none@127.0.0.1:1/none', '--env=DRAIN_DELAY_MS=0'];
  const id = runOn(tag, ['handler'], [...env, '--tmpfs=/run/data-actions']);
  await until('the handler', () => ask(id, 'http://127.0.0.1:8081/livez'));
  docker('stop', '--time=60', id);
  assert.is(docker('inspect', '--format={{.State.ExitCode}}', id).stdout.trim(), '0');
});

testImage('the controller serves with a token that leads nowhere, and ends at SIGTERM', async () => {
  const env = ['--env=KUBERNETES_SERVICE_HOST=127.0.0.1', '--env=KUBERNETES_SERVICE_PORT=1'];
  const heap = '--env=NODE_OPTIONS=--max-semi-space-size=1 --max-old-space-size-percentage=45';
  const id = runOn(tag, ['controller'], [...env, heap, '--memory=192m', '--tmpfs=/run/data-actions']);
  await until('the controller', () => ask(id, 'http://127.0.0.1:8082/livez'));
  docker('stop', '--time=60', id);
  assert.is(docker('inspect', '--format={{.State.ExitCode}}', id).stdout.trim(), '0');
});

test.after(() => {
  if (!leftOut && missing === undefined) docker('rmi', '--force', tag);
});
test.run();
