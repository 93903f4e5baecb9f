/**
 * The first story: what somebody does who has never run the service before.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testUnless } from '../services/test-unless.ts';
import { type Caller, createCaller, type Place, throughIngress, throughService } from './caller.ts';
import { whyNoCluster } from './cluster-script.ts';
import { run } from './command.ts';
import { fillDatabase } from './database.ts';
import { imageRepository } from './images.ts';
import { eventually, kubectl, read } from './kubectl.ts';
import { apply, helm, namespace, pods, release } from './release.ts';

const onCluster = testUnless(whyNoCluster());

onCluster(
  'helm install --wait applies the schema and brings two ready pods, where Pod Security `restricted` is enforced',
  async () => {
    await apply('install', { tag: 'test-1' });
    const there = await pods();
    assert.equal(
      there.map(({ ready, image }) => ({ ready, image })),
      [1, 2].map(() => ({ ready: true, image: `${imageRepository}:test-1` })),
    );
    const enforced = await read(['namespace', namespace], '{.metadata.labels.pod-security\\.kubernetes\\.io/enforce}');
    assert.is(enforced, 'restricted');
  },
);

onCluster('kubectl apply makes a tenant ready', async () => {
  await fillDatabase();
  await kubectl(['apply', '--filename', join(import.meta.dirname, 'manifests', 'tenant.yaml')]);
  const wait = ['wait', 'dataactionconfig/acme', '--namespace', namespace, '--for=condition=Ready', '--timeout=120s'];
  assert.match(await kubectl(wait), /condition met/);
});

const withCaller = async (place: Place, use: (caller: Caller) => Promise<void>): Promise<void> => {
  const caller = createCaller(place);
  try {
    await use(caller);
  } finally {
    await caller.close();
  }
};

for (const [name, find] of Object.entries({ Service: throughService, Ingress: throughIngress })) {
  onCluster(`a signed request through the ${name} is answered, one with another key is refused`, async () => {
    await withCaller(await eventually(name, find), async (caller) => {
      const { status, json } = await eventually('an answer', async () => {
        const answer = await caller.ask(0);
        assert.is(answer.status, 200, answer.text);
        return answer;
      });
      assert.is(status, 200);
      assert.match(JSON.stringify(json), /"count":1/);
      const refused = await caller.ask(0, { key: 'a-key-that-nobody-has-given-to-acme' });
      assert.is(`${refused.status} ${refused.json.code}`, '401 unauthenticated');
    });
  });
}

onCluster('helm test passes', async () => {
  assert.match(await helm(['test', release]), /Phase:\s+Succeeded/);
});

const runbooks = join(import.meta.dirname, '../../docs/runbooks/README.md');

onCluster(
  'the shell functions of the runbooks, as their page has them, find the pods, their logs and what they say',
  async () => {
    const [, block = ''] = /^```sh\n(.*?)^```$/ms.exec(readFileSync(runbooks, 'utf8')) ?? [];
    const here = block
      .replace('NS=dataactions', `NS=${namespace}`)
      .replace('RELEASE=dataactions', `RELEASE=${release}`);
    const say = (script: string): Promise<string> => run('bash', ['-euo', 'pipefail', '-c', `${here}\n${script}`]);
    const [first] = await pods();
    assert.match(await say('pods; podnames'), new RegExp(`^${first?.name} .*\\b2/2\\b.*^${first?.name}$`, 'ms'));
    for (const container of ['handler', 'controller']) assert.match(await say(`logs ${container} 1h`), '"level":');
    const said = await say(
      'POD=$(podnames | head -1); admin "$POD" config; admin "$POD" readyz; admin "$POD" metrics 8082',
    );
    for (const word of ['"tenantId":"acme"', 'cxone_dataaction_watch_connected 1']) assert.match(said, word);
  },
);

test.run();
