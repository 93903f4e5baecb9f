import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compileInput } from '../../../pkg/actions/input-codec.ts';
import { actionSpec } from '../../../pkg/tenant/action-spec.ts';
import { decode } from '../../../pkg/tenant/codec.ts';
import { inputTypes } from '../../../pkg/tenant/input-spec.ts';
import { sampleInput } from './sample-input.ts';

const actionWith = (input: readonly object[]) => {
  const lookup = {
    statement: 'SELECT $1, $2',
    parameters: ['tenant_id', 'keys'],
    keys: 'keys',
    keyColumn: 'id',
    output: 'rows',
  };
  const spec = decode(actionSpec, { name: 'a', input, lookup });
  if (!spec.ok) throw new Error(JSON.stringify(spec.problems));
  return spec.value;
};
const keys = { name: 'keys', type: 'Integer', list: true };

test('what is made up is what the action takes, for every type', () => {
  const spec = actionWith([
    keys,
    ...inputTypes.flatMap((type) => [
      { name: `one_${type}`, type },
      { name: `list_${type}`, type, list: true },
      { name: `optional_${type}`, type, optional: true },
    ]),
  ]);
  const input = sampleInput(spec, undefined);
  const decoded = compileInput(spec.input, { tenantId: 'acme' }).decode({ tenant_id: 'acme', ...input });
  assert.ok(decoded.ok, JSON.stringify(decoded));
  assert.not.ok('optional_UUID' in input);
});

test('bounds and words of texts are kept', () => {
  const spec = actionWith([
    keys,
    { name: 'word', type: 'String', enum: ['first', 'second'] },
    { name: 'long', type: 'String', minLength: 10 },
    { name: 'short', type: 'String', maxLength: 2 },
  ]);
  assert.equal(sampleInput(spec, undefined), { keys: [1], word: 'first', long: 'textxxxxxx', short: 'te' });
});

test('a key that has a row is asked for, to the digit', () => {
  const input = sampleInput(actionWith([keys]), '9007199254740993');
  assert.is(JSON.stringify(input), '{"keys":[9007199254740993]}');
});

test.run();
