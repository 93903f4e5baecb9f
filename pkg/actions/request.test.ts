import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parsed } from '../errors/problem.ts';
import type { InputSpec } from '../tenant/input-spec.ts';
import type { Action } from './action.ts';
import { compileInput } from './input-codec.ts';
import { decodeRequest } from './request.ts';

const ids: InputSpec = { name: 'ids', type: 'UUID', list: true, optional: false };
const action = (name: string, decodeInput: Action['decodeInput']): Action => ({
  name,
  kind: 'lookup',
  decodeInput,
  run: () => Promise.reject(new Error('not run here')),
});
const input = compileInput([ids], { tenantId: 'acme' });
const get = action('get', (value) => input.decode(value));
const actions = new Map([get, action('any', () => parsed({}))].map((one) => [one.name, one]));
const decode = (body: unknown) => decodeRequest(actions, body);

const id = '00000000-0000-4000-8000-000000000001';
const body = { action: 'get', input: { tenant_id: 'acme', ids: [id] } };
const problemsOf = (value: unknown) => {
  const read = decode(value);
  return read.ok ? [] : read.problems;
};

test('a body becomes its action, its input and its context', () => {
  const good = decode({ ...body, context: { contact_id: '42' } });
  assert.ok(good.ok);
  assert.is(good.value.action, get);
  assert.equal(good.value.input, { tenant_id: 'acme', ids: [id] });
  assert.equal(good.value.context, { contact_id: '42' });
  const bare = decode(body);
  assert.equal(bare.ok && bare.value.context, {});
});

test('objects are closed: the body, its input', () => {
  assert.equal(problemsOf({ ...body, extra: 1 }), [{ path: 'extra', expected: 'no such field' }]);
  assert.equal(problemsOf({ ...body, input: { ...body.input, limit: 1 } }), [
    { path: 'input.limit', expected: 'no such field' },
  ]);
});

test('what is no object, names no action or an unknown one is refused by path', () => {
  for (const value of [null, [], 'x', 1]) assert.equal(problemsOf(value), [{ path: '', expected: 'an object' }]);
  for (const name of ['drop', 'GET', '', 1, null, 'toString']) {
    assert.equal(problemsOf({ ...body, action: name }), [{ path: 'action', expected: 'one of get, any' }]);
  }
  assert.equal(problemsOf({}), [
    { path: 'action', expected: 'required' },
    { path: 'input', expected: 'required' },
  ]);
});

test('the context holds at most 32 entries, keys of 64 and values of 1,024 characters', () => {
  const entries = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 'v']));
  assert.equal(problemsOf({ ...body, context: entries(32) }), []);
  assert.equal(problemsOf({ ...body, context: entries(33) }), [
    { path: 'context', expected: 'an object of at most 32 fields' },
  ]);
  assert.equal(problemsOf({ ...body, context: { ['k'.repeat(64)]: 'v'.repeat(1_024) } }), []);
  for (const context of [
    { ['k'.repeat(65)]: 'v' },
    { k: 'v'.repeat(1_025) },
    { '': 'v' },
    { k: 1 },
    { k: 'a\0' },
    { k: '\ud800' },
    [],
    'x',
  ])
    assert.is(problemsOf({ ...body, context }).length, 1, JSON.stringify(context).slice(0, 40));
});

test('problems are listed by path, without values, the first 20', () => {
  const problems = problemsOf({ ...body, input: { tenant_id: 'acme', ids: Array(30).fill('hidden value') } });
  assert.is(problems.length, 20);
  assert.equal(problems[0], { path: 'input.ids[0]', expected: 'UUID' });
  assert.equal(problems[19], { path: 'input.ids[19]', expected: 'UUID' });
  const named = problemsOf({
    ...body,
    'hidden "value" \n in a name that goes on and on and on and on and on and on': 1,
  });
  assert.match(named[0]?.path ?? '', /^[\w?.-]{1,64}$/);
  assert.not.match(JSON.stringify(problems), 'hidden');
});

test.run();
