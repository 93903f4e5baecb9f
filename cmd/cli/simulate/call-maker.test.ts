import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decode } from '../../../pkg/tenant/codec.ts';
import { createCallMaker } from './call-maker.ts';
import { createRandom } from './random.ts';
import { scenario } from './scenario.ts';

const makerOf = (value: object, seed = 1) => {
  const read = decode(scenario, { phases: [{ count: 1 }], ...value });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return createCallMaker(read.value, { tenantId: 'acme', random: createRandom(seed), linesOf: () => ['k1', 'k2'] });
};
const calls = (value: object, count: number, seed = 1) => {
  const maker = makerOf(value, seed);
  if (!maker.ok) throw new Error(JSON.stringify(maker.problems));
  return Array.from({ length: count }, maker.value);
};

test('a body has the tenant first, then the inputs; a context only where there is one', () => {
  const [plain, full] = calls(
    {
      order: 'sequence',
      steps: [{ action: 'a' }, { action: 'b', input: { x: 1, y: { pick: [2] } }, context: { id: { from: 'f' } } }],
    },
    2,
  );
  assert.is(JSON.stringify(plain?.body), '{"action":"a","input":{"tenant_id":"acme"}}');
  assert.match(
    JSON.stringify(full?.body),
    /^\{"action":"b","input":\{"tenant_id":"acme","x":1,"y":2\},"context":\{"id":"k[12]"\}\}$/,
  );
});

test('in sequence, one step after the other, over and over', () => {
  const steps = [{ action: 'a' }, { action: 'b' }, { action: 'c' }];
  assert.equal(
    calls({ order: 'sequence', steps }, 5).map(({ step }) => step),
    [0, 1, 2, 0, 1],
  );
});

test('by weight, about as often as the weights say', () => {
  const steps = [{ action: 'a', weight: 9 }, { action: 'b' }];
  const second = calls({ steps }, 10_000).filter(({ step }) => step === 1).length;
  assert.ok(second > 900 && second < 1_100, `${second}`);
});

test('the same seed makes the same calls', () => {
  const value = { steps: [{ action: 'a', input: { id: { range: [1, 1_000_000] } } }, { action: 'b' }] };
  assert.equal(calls(value, 20, 5), calls(value, 20, 5));
  assert.not.equal(calls(value, 20, 5), calls(value, 20, 6));
});

test('`more` goes into the only list, or the one that is named', () => {
  const into = (step: object) => calls({ steps: [{ action: 'a', ...step }] }, 1)[0]?.moreInto;
  assert.is(into({ input: { ids: [1], name: 'x' } }), 'ids');
  assert.is(into({ input: { ids: [1], names: ['x'] } }), undefined);
  assert.is(into({ input: { ids: [1], names: ['x'] }, moreInto: 'names' }), 'names');
});

test('every value that cannot be made is told by path', () => {
  const input = { ids: { from: 'f', items: 3 } };
  const maker = makerOf({ steps: [{ action: 'a' }, { action: 'b', input, context: input }] });
  assert.equal(maker.ok ? [] : maker.problems, [
    { path: 'steps[1].input.ids.items', expected: 'at most 2, so that they can differ' },
    { path: 'steps[1].context.ids.items', expected: 'at most 2, so that they can differ' },
  ]);
});

test.run();
