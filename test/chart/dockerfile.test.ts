/** The Dockerfile by its linter, and what no linter knows: what is in the context, and that nothing names a registry of packages. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { build } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testUnless } from '../services/test-unless.ts';

const root = join(import.meta.dirname, '../..');
const env = { PATH: [join(import.meta.dirname, '.venv/bin'), process.env.PATH].join(delimiter) };
const hadolint = (input: string) => spawnSync('hadolint', ['-'], { env, input, encoding: 'utf8' });
const whyNoHadolint = (): string | undefined =>
  spawnSync('hadolint', ['--version'], { env }).error
    ? 'hadolint is not there: test/chart/install.sh brings it, and needs Python 3.10 or newer'
    : undefined;
const testWithHadolint = testUnless(whyNoHadolint());
const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');

testWithHadolint('hadolint has nothing to say', () => {
  const { status, stdout } = hadolint(dockerfile);
  assert.is(stdout, '');
  assert.is(status, 0);
});

testWithHadolint('hadolint does find something where there is something', () => {
  assert.match(hadolint('FROM debian\nRUN cd /tmp && apt-get install curl\n').stdout, /DL3006[\s\S]*DL3003/);
});

test('the base is an argument, the end is from scratch, without a shell and as nobody in particular', () => {
  assert.match(dockerfile, /^ARG NODE_IMAGE=\S+$/m);
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM ')).trim();
  assert.match(last, /^FROM scratch\n/);
  assert.not.match(last, /^RUN /m);
  assert.match(last, /^USER 65532:65532$/m);
  assert.match(last, /^ENTRYPOINT \["/m);
  assert.not.match(dockerfile, /https?:\/\//);
});

test('of the packages those stay that the CLI asks for, and fp-ts, which io-ts does', async () => {
  const { metafile } = await build({
    ...{ absWorkingDir: root, entryPoints: ['cmd/cli/main.ts'], outfile: 'unwritten.js', write: false, metafile: true },
    ...{ bundle: true, platform: 'node', format: 'esm', packages: 'external' },
  });
  const asked = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  const { dependencies }: { dependencies: Record<string, string> } = packageJson;
  const needless = Object.keys(dependencies).filter(
    (name) => name !== 'fp-ts' && !asked.some((path) => `${path}/`.startsWith(`${name}/`)),
  );
  const [, removed = ''] = /npm uninstall (?:--\S+ )+(.+) \\$/m.exec(dockerfile) ?? [];
  assert.equal(removed.split(' '), needless);
});

test('says the version of the package where nobody says another', () => {
  const { version }: { version: string } = packageJson;
  assert.match(dockerfile, `\nARG VERSION=${version}\n`);
});

test('the context has what is copied, and neither tests nor what develops', () => {
  const allowed = readFileSync(join(root, '.dockerignore'), 'utf8');
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) => names.split(' '));
  assert.ok(copied.length > 5);
  for (const name of copied) {
    assert.ok(existsSync(join(root, name)), name);
    assert.match(allowed, new RegExp(`^!${name.replace('.', '\\.')}$`, 'm'));
  }
  for (const line of ['*', 'cmd/dev', '**/*.test.ts']) assert.ok(allowed.split('\n').includes(line), line);
});

test.run();
