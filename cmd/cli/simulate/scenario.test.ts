import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decode } from '../../../pkg/tenant/codec.ts';
import { scenario } from './scenario.ts';

const minimal = { steps: [{ action: 'a' }], phases: [{ count: 1 }] };
const problems = (value: unknown): readonly string[] => {
  const read = decode(scenario, value);
  return read.ok ? [] : read.problems.map(({ path, expected }) => `${path}: ${expected}`);
};
const withStep = (step: object) => ({ ...minimal, steps: [{ action: 'a', ...step }] });
const withPhase = (phase: object) => ({ ...minimal, phases: [phase] });

test('what is left out has its default', () => {
  assert.equal(decode(scenario, minimal), {
    ok: true,
    value: {
      seed: 1,
      order: 'weighted',
      steps: [{ action: 'a', input: {}, weight: 1, expect: { status: 200 }, headers: {}, idempotencyKey: false }],
      phases: [{ concurrency: 100, count: 1 }],
    },
  });
});

const wrong: readonly (readonly [object, string])[] = [
  [{ ...minimal, secret: 1 }, 'secret: no such field'],
  [{ steps: [], phases: minimal.phases }, 'steps: 1 to 20 items'],
  [
    withStep({ input: { ids: { range: [2, 1] } } }),
    'steps[0].input.ids.range: two whole numbers, the smaller one first',
  ],
  [withStep({ input: { tenant_id: 'a' } }), 'steps[0].input.tenant_id: no such field: --tenant gives it'],
  [withStep({ moreInto: 'ids' }), 'steps[0].moreInto: the name of an input'],
  [withStep({ weight: 0 }), 'steps[0].weight: a whole number from 1 to 1000'],
  [withStep({ timeoutMs: 90_001 }), 'steps[0].timeoutMs: a whole number from 1 to 90000'],
  [withStep({ headers: { 'Content-Length': '1' } }), 'steps[0].headers: names of headers that a script may set'],
  [withStep({ headers: { 'a b': '1' } }), 'steps[0].headers: names of headers that a script may set'],
  [withStep({ headers: { a: 'x\ny' } }), 'steps[0].headers.a: a header value in printable ASCII'],
  [withStep({ expect: { status: 99 } }), 'steps[0].expect.status: a whole number from 100 to 599'],
  [withStep({ expect: { code: 'Bad' } }), 'steps[0].expect.code: a code, e.g. rate_limited'],
  [withStep({ expect: { code: 'conflict' } }), 'steps[0].expect.status: the status that the code comes with'],
  [withPhase({ rate: 1 }), 'phases[0]: durationSeconds or count, or both'],
  [withPhase({ rate: 0, count: 1 }), 'phases[0].rate: a number above 0, at most 1000'],
  [withPhase({ rate: 1_001, count: 1 }), 'phases[0].rate: a number above 0, at most 1000'],
  [withPhase({ concurrency: 1_001, count: 1 }), 'phases[0].concurrency: a whole number from 1 to 1000'],
  [withPhase({ durationSeconds: 3_601 }), 'phases[0].durationSeconds: a number above 0, at most 3600'],
  [withPhase({ rate: 0.1, count: 361 }), 'phases[0].count: what the rate does in 3600 s'],
];

test('every problem is told by path and never shows a value', () => {
  for (const [value, expected] of wrong) assert.equal(problems(value), [expected]);
  assert.is(problems({ steps: [{ action: '' }, { weight: 0 }], phases: [{ rate: -1 }] }).length, 4);
});

test('a count takes as long as its rate needs: an hour and no longer', () => {
  assert.equal(problems(withPhase({ rate: 0.1, count: 360 })), []);
  assert.equal(problems(withPhase({ rate: 0.1, count: 1_000, durationSeconds: 60 })), []);
});

test.run();
