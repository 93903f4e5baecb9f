// time limit: 240 s
/**
 * Every example of docs/integrate.md is run, in its order, against a real handler and the CLI; a block of a kind that is
 * not known here fails.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { request } from 'undici';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { freePort } from '../../cmd/dev/free-port.ts';
import { readManifests } from '../../pkg/controller/read-manifests.ts';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { ownDirectory, ownProcess } from '../services/owned.ts';
import { startPostgres } from '../services/postgres.ts';
import { runSnippet } from '../services/studio-snippet.ts';
import { until } from '../services/until.ts';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs/integrate.md'), 'utf8');
const blocks = [...page.matchAll(/^```(\w+) (\S+)(?: (\S+))?\n(.*?)^```$/gms)].map(
  ([, language = '', kind = '', name = '', text = '']) => ({ language, kind, name, text }),
);

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const handler = await startHandler({ DATABASE_URL: database.url });
await handler.ready();

const dir = ownDirectory('docs');
const bin = join(dir, 'bin');
mkdirSync(bin);
const launch = join(root, 'cmd', 'launch.mjs');
writeFileSync(join(bin, 'cxone-actions'), `#!/bin/sh\nexec "${process.execPath}" "${launch}" cli "$@"\n`, {
  mode: 0o755,
});
const shell = {
  cwd: dir,
  env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, URL: handler.url, DATABASE_URL: database.url },
};
/** In place of the one that the page names, which may be taken here. */
const mockPort = String(await freePort());
const filled = (text: string): string => text.replaceAll('$URL', handler.url).replaceAll('8090', mockPort);

const post = async (body: string, headers: Readonly<Record<string, string>>) => {
  const answer = await request(`${handler.url}/data-action`, { method: 'POST', headers, body });
  return { status: answer.statusCode, json: JSON.parse(await answer.body.text()) };
};
const bearer = { Authorization: 'Bearer a-token-of-acme-that-nobody-can-guess', 'Content-Type': 'application/json' };

/** `…` stands for whatever there is. */
const matches = (wanted: unknown, found: unknown): boolean => {
  if (wanted === '…') return found !== undefined;
  if (typeof wanted !== 'object' || wanted === null || typeof found !== 'object' || found === null)
    return wanted === found;
  const names = Object.keys(wanted);
  return (
    names.length === Object.keys(found).length &&
    names.every((name) => matches(Reflect.get(wanted, name), Reflect.get(found, name)))
  );
};

const apply = async (yaml: string): Promise<void> => {
  const manifests = readManifests(yaml, '');
  if (!manifests.ok) throw new Error(JSON.stringify(manifests.problems));
  await handler.applyGathered(manifests.value);
};

const requests = new Map<string, string>();
/** What the last snippet left to the action behind it. */
let studio: Readonly<Record<string, unknown>> = {};
const field = (text: string, name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1] ?? '';

const runners: Readonly<Record<string, (text: string, name: string) => Promise<void>>> = {
  'yaml manifest': async (text, name) => {
    writeFileSync(join(dir, name), text);
    await apply(text);
  },
  'yaml checked': async (text) => {
    const manifests = readManifests(text, '');
    assert.ok(manifests.ok);
    writeFileSync(join(dir, 'checked.yaml'), text);
    await promisify(execFile)('cxone-actions', ['validate', '-f', 'checked.yaml'], shell);
  },
  'csv file': async (text, name) => writeFileSync(join(dir, name), text),
  'sh run': async (text) => {
    const { stdout } = await promisify(execFile)(
      'bash',
      ['-euo', 'pipefail', '-c', text.replaceAll('8090', mockPort)],
      shell,
    );
    assert.not.match(stdout, '"status":4');
  },
  'sh server': async (text) => {
    const server = spawn('bash', ['-c', `exec ${filled(text)}`], { ...shell, stdio: ['ignore', 'ignore', 'inherit'] });
    server.unref();
    ownProcess(() => server.pid);
    await until('the server of the example', async () => void (await request(`http://127.0.0.1:${mockPort}/`)));
  },
  'text studio-action': async (text) => {
    assert.is(filled(field(text, 'Service Address')), `${handler.url}/data-action`);
    const body = field(text, 'Parameters').replace(/^\{(\w+)\}$/, (_, name: string) => String(studio[name]));
    const { status, json } = await post(body, JSON.parse(field(text, 'Headers')));
    assert.is(`${status} ${json.output?.count}`, '200 2');
  },
  'text studio-snippet': async (text, name) => {
    const { variables, answer } = await runSnippet(filled(text));
    studio = variables;
    if (name !== 'change') return;
    const { status, newStatus } = variables;
    assert.equal({ status, newStatus }, { status: 200, newStatus: 'blocked' }, answer);
    const [row] = await database.sql('SELECT status FROM customers WHERE id = $1', [customerId(7)]);
    assert.is(row?.status, 'blocked');
  },
  'json request': async (text, name) => void requests.set(name, text),
  'json answer': async (text, name) => {
    const { json } = await post(requests.get(name) ?? '', bearer);
    assert.ok(matches(JSON.parse(text), json), `${name}: ${JSON.stringify(json).slice(0, 2_000)}`);
  },
};

for (const [index, { language, kind, name, text }] of blocks.entries()) {
  test(`block ${index + 1}: ${language} ${kind} ${name || text.slice(0, 40).split('\n')[0]}`, async () => {
    const runner = runners[`${language} ${kind}`];
    if (!runner) throw new Error(`nobody runs ${language} ${kind}`);
    await runner(text, name);
  });
}

test('no block is without a kind', () => {
  assert.is(blocks.length, (page.match(/^```\w/gm) ?? []).length);
});

test('the repeats changed the row once, and after the rotation the old token still verifies', async () => {
  const stored = await database.sql("SELECT count(*)::int AS n FROM idempotency_keys WHERE key = 'activate-4712'");
  assert.equal(stored, [{ n: 1 }]);
  const body = requests.get('found') ?? '';
  for (const [token, key] of [
    ['a-token-of-acme-that-nobody-can-guess', '1'],
    ['the-next-token-of-acme-as-hard-to-guess', '0'],
  ] as const) {
    const before = (await metric(handler, 'signature_key_used_total', { tenant_id: 'acme', key })) ?? 0;
    assert.is((await post(body, { ...bearer, Authorization: `Bearer ${token}` })).status, 200);
    assert.is(await metric(handler, 'signature_key_used_total', { tenant_id: 'acme', key }), before + 1);
  }
});

test.after(() => handler.stop());
test.run();
