import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ActionSpec, LookupAction, TransactionAction } from '../tenant/action-spec.ts';
import type { InputSpec } from '../tenant/input-spec.ts';
import type { StatementSpec } from '../tenant/transaction-spec.ts';
import { changesOf, compileInvalidated } from './invalidated-lookups.ts';

const ids = (name = 'ids', type: InputSpec['type'] = 'UUID'): InputSpec => ({
  name,
  type,
  list: true,
  optional: false,
});

const lookup = (name: string, input = ids()): LookupAction => ({
  kind: 'lookup',
  name,
  input: [input],
  lookup: { statement: '', parameters: ['tenant_id', input.name], keys: input.name, keyColumn: 'id', output: 'rows' },
});

const perKey = (...parameters: readonly string[]): StatementSpec => ({
  text: '',
  parameters: ['tenant_id', ...parameters],
  expectRows: 'PerKey',
});

const transaction = (
  statements: readonly StatementSpec[],
  { input = [ids()], invalidates = ['find'] }: { input?: readonly InputSpec[]; invalidates?: readonly string[] } = {},
): TransactionAction => ({
  kind: 'transaction',
  name: 'change',
  input,
  transaction: { isolation: 'ReadCommitted', statements, invalidates },
});

const changes = (spec: TransactionAction, actions: readonly ActionSpec[] = [lookup('find')]) =>
  changesOf(compileInvalidated(spec, actions), { ids: ['a', 'b', 'a'], others: ['c'] });

test('exact keys, each once, where every statement is PerKey over the list that is the lookup’s keys', () => {
  assert.equal(changes(transaction([perKey('ids')])), [{ action: 'find', keys: ['a', 'b'] }]);
  assert.equal(changes(transaction([perKey('ids'), perKey('ids')])), [{ action: 'find', keys: ['a', 'b'] }]);
});

test('all keys where the declaration leaves a doubt', () => {
  const all = [{ action: 'find', keys: undefined }];
  const others = [ids(), ids('others')];
  assert.equal(changes(transaction([{ ...perKey('ids'), expectRows: 'Any' }])), all);
  assert.equal(changes(transaction([perKey('ids'), { ...perKey('ids'), expectRows: 'AtLeastOne' }])), all);
  assert.equal(changes(transaction([perKey('others')], { input: others })), all);
  assert.equal(changes(transaction([perKey('others', 'ids')], { input: others })), all, 'PerKey counts the first list');
  assert.equal(changes(transaction([perKey('ids')], { input: [ids('ids', 'String')] })), all);
  assert.equal(changes(transaction([perKey('ids')]), [lookup('find', ids('keys'))]), all);
});

test('each named lookup by itself, and nothing without names', () => {
  const actions = [lookup('find'), lookup('search', ids('keys')), lookup('untouched')];
  assert.equal(changes(transaction([perKey('ids')], { invalidates: ['find', 'search'] }), actions), [
    { action: 'find', keys: ['a', 'b'] },
    { action: 'search', keys: undefined },
  ]);
  assert.equal(changes(transaction([perKey('ids')], { invalidates: [] }), actions), []);
});

test.run();
