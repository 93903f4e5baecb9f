import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startCommandLine } from '../../../test/services/command-line.ts';
import { writeManifests } from '../../../test/services/mock.ts';
import { ownDirectory } from '../../../test/services/owned.ts';
import type { TenantOptions } from '../../../test/services/tenants.ts';
import { UsageError } from '../flag.ts';
import { mock } from './mock.ts';

const quickstart = join(import.meta.dirname, '../../../deploy/examples/quickstart.yaml');
const folder = ownDirectory('mock');
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const action = 'process_customer_batch';
const acme: TenantOptions = { tenantId: 'acme' };

const refusalOf = async (args: readonly string[]): Promise<string> => {
  try {
    return `ended with ${await mock.run(args)}`;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message.replaceAll(folder, '');
  }
};

test('what is wrong is told by its place, never with what stands there', async () => {
  const good = writeManifests([acme]);
  const invalid = write(
    'invalid.yaml',
    readFileSync(quickstart, 'utf8').replace('scheme: HmacBody', 'scheme: a-secret'),
  );
  const unresolved = write(
    'unresolved.yaml',
    readFileSync(quickstart, 'utf8').replaceAll('kind: Secret', 'kind: Secrets'),
  );
  const lonely = write(
    'lonely.yaml',
    readFileSync(quickstart, 'utf8').replace('name: globex-webhook', 'name: a-secret'),
  );
  const csv = write('bad.csv', 'id,name\na-secret,x\n');
  const cases: readonly (readonly [readonly string[], string])[] = [
    [[], '--manifests is required'],
    [['-f', join(folder, 'none.yaml')], '--manifests: /none.yaml cannot be read (ENOENT)'],
    [['-f', write('empty.yaml', '')], '--manifests /empty.yaml:\n  expected at least one DataActionConfig'],
    [
      ['-f', invalid],
      '--manifests /invalid.yaml:\n  line 24: spec.webhook.scheme: expected one of HmacBody, HmacTimestampBody, StandardWebhooks, CxoneExpert, Bearer',
    ],
    [
      ['-f', unresolved],
      [
        '--manifests /unresolved.yaml:',
        '  line 6: kind: expected DataActionConfig or Secret',
        '  line 26: spec.webhook.secretRefs[0]: expected a Secret of this namespace',
        '  line 70: kind: expected DataActionConfig or Secret',
        '  line 86: spec.webhook.secretRefs[0]: expected a Secret of this namespace',
      ].join('\n'),
    ],
    [
      ['-f', lonely],
      '--manifests /lonely.yaml:\n  line 86: spec.webhook.secretRefs[0]: expected a Secret of this namespace',
    ],
    [['-f', good, 'a-secret'], 'ACTION=FILE: operand 1 is not of this form'],
    [['-f', good, 'a-secret=b.csv'], `ACTION=FILE: operand 1 names no action of the manifests, which are ${action}`],
    [['-f', good, `${action}=a.csv`, `${action}=b.csv`], `${action}=FILE: given twice`],
    [
      ['-f', good, `${action}=a-secret.txt`],
      `${action}=FILE: expected the name of a file that ends in .csv, .json, .yaml, .yml`,
    ],
    [
      ['-f', good, `${action}=${csv}`],
      `ACTION=FILE:\n  acme ${action} /bad.csv: line 2: id: expected UUID, as the action's keys`,
    ],
    [['-f', good, '--port', '65536'], '--port: expected a whole number from 0 to 65535'],
    [['-f', good, '--host', ''], '--host is required'],
    [
      ['-f', good, '--host', '192.0.2.1', '--port', '0'],
      '--host: expected an address of this machine, or a name that leads to one (EADDRNOTAVAIL)',
    ],
  ];
  for (const [args, expected] of cases) {
    assert.is(await refusalOf(args), expected, args.join(' '));
  }
});

test('wrong usage ends the program with 2', async () => {
  const { code, stdout, stderr } = await startCommandLine(['mock', '-f', join(folder, 'none.yaml')]).ended;
  assert.equal([code, stdout], [2, '']);
  assert.match(stderr, /^cxone-actions: --manifests: /);
});

test('a port that is taken is wrong usage, for either server, and the other one is closed again', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = Object(taken.address());
  const files = ['-f', writeManifests([acme])];
  for (const [flag, args] of [
    ['port', ['--port', String(port)]],
    ['cxone-port', ['--port', '0', '--cxone-port', String(port)]],
  ] as const) {
    assert.is(await refusalOf([...files, ...args]), `--${flag}: ${port} is taken; 0 takes a free one`);
  }
  taken.close();
});

test.run();
