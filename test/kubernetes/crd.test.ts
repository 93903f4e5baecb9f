// time limit: 300 s
/**
 * The CustomResourceDefinition as people meet it: kubectl's columns, names and explanations, defaults, what cannot be changed.
 */
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { requestLimits, tenantLimits } from '../../pkg/process/limits.ts';
import { parseDataActionConfig } from '../../pkg/tenant/data-action-config.ts';
import { type KubeApiServer, startKubeApiServer } from '../services/kube-api-server.ts';
import { configsPath, installCrd } from '../services/kube-crd.ts';
import { whyNoKube } from '../services/kube-programs.ts';
import { testUnless } from '../services/test-unless.ts';
import { readSchema, type Schema } from './crd-schema.ts';
import { everyKind, type Fields, manifestOf, validSpecs } from './manifests.ts';
import { judge } from './verdicts.ts';

const testWithKube = testUnless(whyNoKube());
const start = async (): Promise<KubeApiServer> => {
  const kube = await startKubeApiServer();
  await installCrd(kube);
  return kube;
};
const starting = whyNoKube() === undefined ? start() : Promise.reject(new Error(whyNoKube()));
starting.catch(() => {});

const kubectl = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await (await starting).kubectl(args);
  assert.is(code, 0, stderr);
  return stdout;
};
const create = async (namespace: string, name: string, spec: unknown) => {
  const kube = await starting;
  const manifest = { ...manifestOf(spec), metadata: { name } };
  const { status, body } = await kube.ask(configsPath(namespace), { method: 'POST', body: manifest });
  assert.is(status, 201, JSON.stringify(body));
};
const minimal = { tenantId: 'acme', webhook: { secretRefs: [{ name: 'acme-webhook', key: 'current' }] } };

testWithKube('every example can be applied, and again', async () => {
  const folder = new URL('../../deploy/examples/', import.meta.url).pathname;
  for (const _ of ['first', 'again']) {
    await kubectl('apply', '--validate=strict', '-n', 'default', '-f', folder);
    const generations = await kubectl('get', 'dac', '-n', 'default', '-o', 'jsonpath={.items[*].metadata.generation}');
    assert.match(generations, /^1( 1)+$/);
  }
});

testWithKube('columns say tenant, readiness, reason, actions and age; wide ones more', async () => {
  const kube = await starting;
  await kube.createNamespace('columns');
  await create('columns', 'acme', everyKind);
  const condition = (type: string, status: string) => ({
    type,
    status,
    reason: 'WaitingForHandler',
    message: 'the handler has not said yet',
    lastTransitionTime: '2026-01-01T00:00:00Z',
    observedGeneration: 1,
  });
  const status = {
    observedGeneration: 1,
    actions: 3,
    revision: '5f2c5f2c5f2c5f2c',
    conditions: [condition('Accepted', 'True'), condition('Ready', 'False')],
  };
  const written = await kube.ask(`${configsPath('columns')}/acme/status`, {
    method: 'PATCH',
    body: { status },
    headers: { 'Content-Type': 'application/merge-patch+json' },
  });
  assert.is(written.status, 200);
  assert.equal(written.body.status, status, 'nothing of a status is taken away');
  assert.match(
    await kubectl('get', 'dac', '-n', 'columns'),
    /^NAME +TENANT +READY +REASON +ACTIONS +AGE\nacme +acme +False +WaitingForHandler +3 +\d+\w\n$/,
  );
  assert.match(
    await kubectl('get', 'dac', '-n', 'columns', '-o', 'wide'),
    /^NAME +TENANT +READY +REASON +ACTIONS +AGE +REVISION +MESSAGE\nacme .* 5f2c5f2c5f2c5f2c +the handler has not said yet\n$/,
  );
});

testWithKube('every name leads to it', async () => {
  await (await starting).createNamespace('names');
  await create('names', 'acme', minimal);
  for (const name of ['dac', 'dataactionconfig', 'dataactionconfigs', 'dataactions']) {
    assert.is(await kubectl('get', name, '-n', 'names', '-o', 'name'), 'dataactionconfig.dataactions.dev/acme\n');
  }
});

const fieldsOf = (schema: Schema, path: string): readonly (readonly [path: string, schema: Schema])[] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, of]) => {
    const own = path === '' ? name : `${path}.${name}`;
    return [[own, of] as const, ...fieldsOf(of.items ?? of, own)];
  });

testWithKube('kubectl explains every field', async () => {
  const fields = fieldsOf(readSchema(), '').filter(([path]) => path !== 'metadata');
  assert.ok(fields.length > 70);
  assert.equal(
    fields.filter(([, { description = '' }]) => description.length < 10).map(([path]) => path),
    [],
  );
  assert.match(await kubectl('explain', 'dac.spec.actions.lookup'), /keys\t<string> -required-\n +The parameter whose/);
  const all = await kubectl('explain', 'dac', '--recursive');
  for (const [path] of fields) assert.match(all, new RegExp(`^ +${path.split('.').at(-1)}\\t`, 'm'));
});

testWithKube('what the API server fills in is what the parser fills in', () =>
  fc.assert(
    fc.asyncProperty(fc.oneof(fc.constant(minimal), validSpecs), async (spec) => {
      const path = `${configsPath('default')}?dryRun=All`;
      const bare = manifestOf(spec);
      const { status, body } = await (await starting).ask(path, { method: 'POST', body: bare });
      assert.is(status, 201);
      const [filled, plain] = [body, bare].map((manifest) => parseDataActionConfig(manifest));
      assert.ok(filled?.ok && plain?.ok);
      if (filled?.ok && plain?.ok) assert.equal(filled.value.spec, plain.value.spec);
      // Whatever the parser would fill in is there already, but for actions: those of another manager would be added to them.
      const seen = { actions: undefined, ...Object(body.spec) };
      if (filled?.ok) assert.equal(Object.keys(seen).sort(), Object.keys(filled.value.spec).sort());
    }),
    { seed: 20_261_102, numRuns: 60, includeErrorInReport: true },
  ),
);

testWithKube('the tenant of an object stays; all else can change', async () => {
  await (await starting).createNamespace('changes');
  await create('changes', 'acme', minimal);
  const patch = async (spec: Fields) =>
    (await starting).kubectl(['patch', 'dac', 'acme', '-n', 'changes', '--type=merge', '-p', JSON.stringify({ spec })]);
  const refused = await patch({ tenantId: 'globex' });
  assert.is(refused.code, 1);
  assert.match(refused.stderr, 'spec.tenantId: Invalid value: "globex": cannot be changed');
  assert.is((await patch({ suspend: true, actions: everyKind.actions, cxone: everyKind.cxone })).code, 0);
});

const applyServerSide = async (namespace: string, manager: string, spec: Fields): Promise<void> => {
  const manifest = { ...manifestOf(spec), metadata: { name: 'acme' } };
  const args = ['apply', '--server-side', '--field-manager', manager, '-n', namespace, '-f', '-'];
  const { code, stderr } = await (await starting).kubectl(args, { input: JSON.stringify(manifest) });
  assert.is(code, 0, stderr);
};

testWithKube('two managers can each own an action of one object', async () => {
  await (await starting).createNamespace('owners');
  const [find, set] = Array.isArray(everyKind.actions) ? everyKind.actions : [];
  await applyServerSide('owners', 'one', { ...minimal, actions: [find] });
  const transaction = { ...set.transaction, invalidates: [] };
  await applyServerSide('owners', 'other', { actions: [{ ...set, transaction }] });
  const names = await kubectl('get', 'dac', 'acme', '-n', 'owners', '-o', 'jsonpath={.spec.actions[*].name}');
  assert.is(names, 'find set');
});

testWithKube(
  'what is applied again is all that is there: no action that was left to us before, no kind it had',
  async () => {
    await (await starting).createNamespace('again');
    const [, set, found, call] = Array.isArray(everyKind.actions) ? everyKind.actions : [];
    const { cxone } = everyKind;
    const namedSet = (action: Fields): Fields => ({ ...action, name: 'set' });
    const specs = [
      {},
      { actions: [call], cxone },
      { actions: [found, { ...set, transaction: { ...set.transaction, isolation: undefined } }] },
      { actions: [namedSet(call)], cxone },
    ];
    for (const spec of [...specs, { actions: [namedSet(found)] }, {}]) {
      await applyServerSide('again', 'one', { ...minimal, ...spec });
      const { actions = [], cxone: endpoints } = JSON.parse(
        await kubectl('get', 'dac', 'acme', '-n', 'again', '-o', 'jsonpath={.spec}'),
      );
      const kinds = (all: readonly Fields[] = []) => all.map((each) => Object.keys(each).sort().join());
      assert.equal([kinds(actions), Boolean(endpoints)], [kinds(spec.actions), spec.cxone !== undefined]);
    }
  },
);

/** About as large as the API server takes objects at all. */
const largest = (): Fields => {
  const input = Array.from({ length: tenantLimits.inputsMax }, (_, at) => ({
    name: `${'i'.repeat(60)}${at}`,
    type: 'UUID',
    list: true,
  }));
  const parameters = ['tenant_id', ...input.map(({ name }) => name)];
  const text = `SELECT ${parameters.map((_, at) => `$${at + 1}`).join()}`.padEnd(2_000);
  const statements = Array.from({ length: tenantLimits.statementsMax }, (_, at) => ({
    text,
    parameters,
    expectRows: 'PerKey',
    output: `o${at}`,
  }));
  const actions = Array.from({ length: tenantLimits.actionsMax }, (_, at) =>
    at % 2 === 0
      ? { name: `a${at}`, input, transaction: { statements, invalidates: ['a1', 'a3', 'a5'] } }
      : {
          name: `a${at}`,
          input: input.map((each, place) =>
            place > 0 ? { name: each.name, type: 'String', pattern: 'a'.repeat(99) } : each,
          ),
          lookup: {
            statement: text.padEnd(tenantLimits.statementCharactersMax),
            parameters,
            keys: input[0]?.name,
            keyColumn: 'id',
            output: 'rows',
          },
        },
  );
  return { ...minimal, actions, limits: { batchSize: requestLimits.batchSizeMax } };
};

testWithKube('the rules of an object as large as may be fit the budget', async () => {
  const manifest = manifestOf(largest());
  assert.ok(JSON.stringify(manifest).length > 1_000_000);
  const { verdict, reasons } = await judge(await starting, manifest);
  assert.is(verdict, 'taken', reasons.slice(0, 1_000));
});

test.run();
