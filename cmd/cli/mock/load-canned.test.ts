import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { errorCodes } from '../../../pkg/errors/codes.ts';
import { requestLimits } from '../../../pkg/process/limits.ts';
import { mockLimits } from '../../../pkg/process/mock-limits.ts';
import { loadCanned } from './load-canned.ts';

const load = (file: string, text: string) => {
  const canned = loadCanned(file, text, { tenant_id: 'text', id: 'text' });
  return canned.ok ? canned.value : canned.problems.map(({ path, expected }) => `${path}: ${expected}`);
};
const rows = (file: string, text: string) => {
  const canned = loadCanned(file, text, { tenant_id: 'text', id: 'text' });
  assert.ok(canned.ok && canned.value.kind === 'rows', JSON.stringify(canned));
  return canned.ok && canned.value.kind === 'rows'
    ? canned.value.rows.map(({ place, values }) => `${place}${JSON.stringify(values)}`)
    : [];
};

test('rows from CSV, JSON and YAML say the same, and where they stand', () => {
  const first = '{"tenant_id":"acme","id":"1","n":1}';
  const second = '{"tenant_id":null,"id":"2","n":2}';
  assert.equal(rows('a.csv', 'tenant_id,id,n\nacme,1,1\n,2,2\n'), [`line 2: ${first}`, `line 3: ${second}`]);
  assert.equal(rows('a.json', `[${first},${second}]`), [`[0].${first}`, `[1].${second}`]);
  const yaml = '- {tenant_id: acme, id: "1", n: 1}\n- {tenant_id: null, id: "2", n: 2}\n';
  for (const name of ['a.yaml', 'a.yml']) assert.equal(rows(name, yaml), [`[0].${first}`, `[1].${second}`]);
});

test('JSON keeps every digit, nested ones too', () => {
  const text = '[{"a":1.50,"b":9223372036854775807,"e":100000000000000000000,"c":{"d":[1e3]}}]';
  assert.equal(rows('a.json', text), [`[0].${text.slice(1, -1)}`]);
  const output = load('a.json', '{"output": {"rows": [], "count": 0, "price": 1.50}}');
  assert.equal(output, { kind: 'output', body: '{"output":{"rows":[],"count":0,"price":1.50}}' });
});

test('an error has a code of the contract, and always a time for a repeat where the real one has', () => {
  for (const code of Object.keys(errorCodes)) {
    const { kind } = Object(load('a.json', JSON.stringify({ error: code })));
    assert.is(kind, 'error', code);
  }
  const retryAfter = (text: string) => Object(load('a.yaml', text)).retryAfterMs;
  assert.is(retryAfter('error: conflict'), undefined);
  assert.is(retryAfter('error: database_unavailable'), mockLimits.retryAfterMs);
  assert.is(retryAfter('{error: rate_limited, retryAfterMs: 2500}'), 2_500);
  assert.is(Object(load('a.json', '{"error": "rate_limited", "retryAfterMs": 2500}')).retryAfterMs, 2_500);
});

const { answerBytesMax } = requestLimits;
const words = `one of the ${Object.keys(errorCodes).length} declared words`;
const value = `JSON of at most ${mockLimits.valueDepthMax} levels, texts of at most ${mockLimits.valueCharactersMax} characters, in YAML no integer beyond 2^53`;
const deep = `${'['.repeat(9)}${']'.repeat(9)}`;
const cases: readonly (readonly [string, string, readonly string[]])[] = [
  ['a.json', '{secret', [': JSON']],
  ['a.json', '', [': JSON']],
  ['a.json', '"secret"', [': an object']],
  ['a.json', '1.50', [': an object']],
  ['a.json', '{}', ['output: required']],
  ['a.json', '{"output":{},"secret":1}', ['secret: no such field']],
  ['a.json', '{"output":[]}', [`output: an object of at most ${mockLimits.columnsMax} fields`]],
  [
    'a.json',
    `{"output":{"a":"${'x'.repeat(answerBytesMax)}"}}`,
    [`output: an answer of at most ${answerBytesMax} bytes`],
  ],
  ['a.json', '{"error":"secret"}', [`error: ${words}`]],
  [
    'a.json',
    '{"error":"conflict","retryAfterMs":0}',
    [`retryAfterMs: a whole number from 1 to ${mockLimits.retryAfterMsMax}`],
  ],
  ['a.json', '{"error":"conflict","output":{}}', ['output: no such field']],
  ['a.json', '{"output":1.50}', [`output: an object of at most ${mockLimits.columnsMax} fields`]],
  ['a.json', '[1.50]', [`[0]: an object of at most ${mockLimits.columnsMax} fields`]],
  ['a.json', '[{},{"tenant_id":7}]', ['[1].tenant_id: text']],
  ['a.json', `[{"a":${deep}}]`, [`[0].a: ${value}`]],
  ['a.json', '[{"a":"\\u0000"},{"b":"\\ud800"}]', [`[0].a: ${value}`, `[1].b: ${value}`]],
  ['a.json', `[${'{},'.repeat(mockLimits.rowsMax)}{}]`, [`: at most ${mockLimits.rowsMax} items`]],
  ['a.json', `[{"${'x'.repeat(64)}":1}]`, [`[0].${'x'.repeat(64)}: a field name of 1 to 63 characters`]],
  ['a.yaml', '- {id: 9007199254740993}', [`[0].id: ${value}`]],
  ['a.yaml', '- a: b: secret', ['line 1: YAML (block as implicit key)']],
  ['a.yaml', 'output: {}\noutput: {}', ['line 2: a key that is not there already']],
  ['a.yaml', 'output: {}\n---\noutput: {}', [': one document']],
  ['a.yaml', '', [': one document']],
  ['a.yaml', `# ${'x'.repeat(mockLimits.yamlBytesMax)}`, [`: at most ${mockLimits.yamlBytesMax} bytes of YAML`]],
  ['a.csv', 'id,name\n1', ['line 2: as many fields as the header has']],
  ['a.csv', 'id\n1\n\n\u0000', [`line 4: id: ${value}`]],
  ['a.csv', `${'x'.repeat(64)}\n1`, [`line 2: ${'x'.repeat(64)}: a field name of 1 to 63 characters`]],
];

test('every problem by path or line, none with what stands there', () => {
  for (const [file, text, expected] of cases) assert.equal(load(file, text), expected, text.slice(0, 60));
});

test.run();
