/** What a tenant of the mock answers, without HTTP in front of it. That it is what the real one answers: test/integration/mock-contract. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeRequest } from '../../../pkg/actions/request.ts';
import { isAppError } from '../../../pkg/errors/app-error.ts';
import { createManualClock } from '../../../pkg/process/manual-clock.ts';
import { createDeadline } from '../../../pkg/resilience/deadline.ts';
import { ownDirectory } from '../../../test/services/owned.ts';
import { bundleTenants } from '../../../test/services/registry.ts';
import { type MockTenant, mockTenant } from './mock-tenant.ts';
import { createRepeats } from './repeats.ts';

const folder = ownDirectory('mocked');
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const find = (type: string) => ({
  name: 'find',
  input: [{ name: 'keys', type, list: true }],
  lookup: {
    statement: 'SELECT id FROM t WHERE tenant_id = $1 AND id = ANY($2)',
    parameters: ['tenant_id', 'keys'],
    keys: 'keys',
    keyColumn: 'id',
    output: 'found',
  },
});
const statement = (output?: string) => ({
  text: 'UPDATE t SET a = 1 WHERE tenant_id = $1',
  parameters: ['tenant_id'],
  ...(output === undefined ? {} : { output }),
});
const change = { name: 'change', transaction: { statements: [statement(), statement('first'), statement('second')] } };
const silent = { name: 'silent', transaction: { statements: [statement()] } };
const call = {
  name: 'call',
  input: [{ name: 'id', type: 'String' }],
  cxone: { method: 'GET', path: '/a/{id}', output: 'contact' },
};
const cxone = { grant: 'Password' };
const cxoneSecret = { 'client-id': 'i', 'client-secret': 's', 'access-key-id': 'k', 'access-key-secret': 'x' };

const clock = createManualClock();

const open = async (actions: readonly object[], files: Readonly<Record<string, string>> = {}, tenantId = 'acme') => {
  const [tenant] = bundleTenants([{ tenantId, spec: { actions, cxone }, cxoneSecret }]);
  if (!tenant) throw new Error('no tenant');
  const options = { clock, repeats: createRepeats(clock), files: new Map(Object.entries(files)), onRead: () => {} };
  return mockTenant(tenant, options);
};
const openGood = async (...args: Parameters<typeof open>): Promise<MockTenant> => {
  const mocked = await open(...args);
  if (!mocked.ok) throw new Error(JSON.stringify(mocked.problems));
  return mocked.value;
};
const problemsOf = async (...args: Parameters<typeof open>) => {
  const mocked = await open(...args);
  return mocked.ok ? [] : mocked.problems.map(({ path, expected }) => `${path.replace(folder, '')}: ${expected}`);
};

const ask = async ({ live }: MockTenant, action: string, input: object, idempotencyKey?: string): Promise<string> => {
  const body = { action, input: { tenant_id: live.tenantId, ...input } };
  const decoded = decodeRequest(live.compiled.actions, body);
  if (!decoded.ok) return decoded.problems.map(({ path, expected }) => `${path}: ${expected}`).join();
  const deadline = createDeadline(clock, 1_000);
  const rawBody = Buffer.from(JSON.stringify(body));
  try {
    const request = { requestId: 'r', context: {}, rawBody, idempotencyKey, deadline };
    return (await decoded.value.action.run({ ...request, input: decoded.value.input })).body;
  } catch (error) {
    if (!isAppError(error)) throw error;
    return `${error.code} ${error.retryAfterMs ?? '-'}`;
  } finally {
    deadline.close();
  }
};

test('without a file nothing is found, nothing is changed, and nothing comes back', async () => {
  const mocked = await openGood([find('String'), change, silent, call]);
  assert.is(await ask(mocked, 'find', { keys: ['a'] }), '{"output":{"found":[],"count":0,"missing":["a"]}}');
  assert.is(await ask(mocked, 'change', {}), '{"output":{"first":[],"second":[],"count":0}}');
  assert.is(await ask(mocked, 'silent', {}), '{"output":{"count":0}}');
  assert.is(await ask(mocked, 'call', { id: '1' }), '{"output":{"contact":null}}');
});

const rows = write('rows.csv', 'tenant_id,id,n\nacme,1,10\nglobex,2,20\n,3,30\nacme,1,40\n');

test('a lookup finds the rows of its tenant and those of all by key, and the first of several', async () => {
  const keys = ['3', '2', '1'];
  const acme = await openGood([find('String')], { find: rows });
  assert.is(
    await ask(acme, 'find', { keys }),
    '{"output":{"found":[{"id":"3","n":30},{"id":"1","n":10}],"count":2,"missing":["2"]}}',
  );
  assert.equal([...acme.keys], [['find', '1']]);
  const globex = await openGood([find('String')], { find: rows }, 'globex');
  assert.is(
    await ask(globex, 'find', { keys }),
    '{"output":{"found":[{"id":"3","n":30},{"id":"2","n":20}],"count":2,"missing":["1"]}}',
  );
});

test('keys are as declared: integers are numbers in CSV, UUIDs are found in either case', async () => {
  const integers = await openGood([find('Integer')], { find: rows });
  assert.match(await ask(integers, 'find', { keys: [3] }), '{"id":3,"n":30}');
  const id = 'ABCDEF00-0000-4000-8000-000000000001';
  const uuids = await openGood([find('UUID')], { find: write('uuids.csv', `id\n${id}\n`) });
  assert.match(await ask(uuids, 'find', { keys: [id.toLowerCase()] }), `{"id":"${id}"}`);
});

test('a transaction answers the rows under its first output; a CXone call answers them as the JSON', async () => {
  const mocked = await openGood([change, call], { change: rows, call: rows });
  assert.is(
    await ask(mocked, 'change', {}),
    '{"output":{"first":[{"id":1,"n":10},{"id":3,"n":30},{"id":1,"n":40}],"second":[],"count":3}}',
  );
  assert.is(
    await ask(mocked, 'call', { id: '1' }),
    '{"output":{"contact":[{"id":1,"n":10},{"id":3,"n":30},{"id":1,"n":40}]}}',
  );
});

test('an output is answered as it is, an error is the error, whatever the kind', async () => {
  const actions = [find('String'), change, call];
  const output = write('output.json', '{"output": {"anything": [1.50], "stale": true}}');
  const error = write('error.json', '{"error": "overloaded"}');
  const inputs = { find: { keys: ['a'] }, change: {}, call: { id: '1' } };
  const named = (file: string) => ({ find: file, change: file, call: file });
  const [answering, failing] = [await openGood(actions, named(output)), await openGood(actions, named(error))];
  for (const [action, input] of Object.entries(inputs)) {
    assert.is(await ask(answering, action, input), '{"output":{"anything":[1.50],"stale":true}}');
    assert.is(await ask(failing, action, input), 'overloaded 1000');
    assert.match(await ask(failing, action, { ...input, more: 1 }), 'input.more: no such field');
  }
});

test('rows over the budget: the rest is in more, a transaction or call is refused', async () => {
  const wide = JSON.stringify(['a', 'b'].map((id) => ({ id, text: 'x'.repeat(20_000) })));
  const file = write('wide.json', wide);
  const mocked = await openGood([find('String'), change, call], { find: file, change: file, call: file });
  assert.match(await ask(mocked, 'find', { keys: ['a', 'b'] }), '"count":1,"more":["b"]');
  assert.is(await ask(mocked, 'change', {}), 'answer_too_large -');
  assert.is(await ask(mocked, 'call', { id: '1' }), 'answer_too_large -');
});

test('an edited file changes the next answer; a transaction with a key keeps its first', async () => {
  const file = write('edited.json', '[{"id":"a","n":1}]');
  const mocked = await openGood([find('String'), change], { find: file, change: file });
  const first = await ask(mocked, 'change', {}, 'k');
  write('edited.json', '[{"id":"a","n":2}]');
  assert.match(await ask(mocked, 'find', { keys: ['a'] }), '"n":2');
  assert.match(await ask(mocked, 'change', {}), '"n":2');
  assert.is(await ask(mocked, 'change', {}, 'k'), first);
  write('edited.json', '{"error":"conflict"}');
  assert.is(await ask(mocked, 'change', {}, 'l'), 'conflict -');
  write('edited.json', '[]');
  assert.match(await ask(mocked, 'change', {}, 'l'), '"count":0');
});

test('every problem names tenant, action, file and place', async () => {
  const uuid = "UUID, as the action's keys";
  assert.equal(await problemsOf([find('UUID')], { find: write('a.csv', 'id,n\n1,1\n,2\n') }), [
    `acme find /a.csv: line 2: id: ${uuid}`,
    `acme find /a.csv: line 3: id: ${uuid}`,
  ]);
  assert.equal(
    await problemsOf([find('Integer')], { find: write('a.json', '[{"id":1.5},{},{"id":true},{"id":"01"}]') }),
    [...[0, 1, 2, 3].map((at) => `acme find /a.json: [${at}].id: Integer, as the action's keys`)],
  );
  assert.equal(await problemsOf([silent], { silent: write('b.json', '[{}]') }), [
    'acme silent /b.json: {output} or {error}: no statement of the transaction has an output',
  ]);
  assert.equal(await problemsOf([silent, change], { silent: join(folder, 'none.csv'), change: write('c.json', '7') }), [
    'acme silent /none.csv: a regular file of at most 8388608 bytes in UTF-8 that can be read',
    'acme change /c.json: an object',
  ]);
});

test.run();
