import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mockLimits } from '../../../pkg/process/mock-limits.ts';
import { type KnownColumns, readCsv } from './csv-rows.ts';

/** As JSON, for its digits; or the problems. */
const read = (text: string, known: KnownColumns = {}) => {
  const csv = readCsv(text, known);
  return csv.ok ? JSON.stringify(csv.value.rows) : csv.problems.map(({ path, expected }) => `${path}: ${expected}`);
};

test('a column is numbers or booleans where every field of it is one, else text', () => {
  assert.is(read('a,b,c\n1,true,x\n-2.50,false,7\n'), '[{"a":1,"b":true,"c":"x"},{"a":-2.50,"b":false,"c":"7"}]');
  assert.is(read('a,b\n1,true\nx,1\n'), '[{"a":"1","b":"true"},{"a":"x","b":"1"}]');
});

test('what JSON would not take for a number stays text: leading zeros, plus, hex, spaces', () => {
  for (const field of ['007', '+1', '0x1', ' 1', '1 ', '.5', '1.', 'NaN', 'TRUE', '-']) {
    assert.is(read(`a\n"${field}"\n`), JSON.stringify([{ a: field }]), field);
  }
});

test('digits stay as they are written', () => {
  const digits = ['9007199254740993', '1.50', '1e400', '-0', '0.1000000000000000055511151231257827'];
  for (const text of digits) assert.is(read(`a\n${text}\n`), `[{"a":${text}}]`);
});

test('a header may say the type, which goes before what is known, which goes before what the fields look like', () => {
  assert.is(read('phone:text,n\n4155550100,1'), '[{"phone":"4155550100","n":1}]');
  assert.is(
    read('tags:json,on:boolean,n:number\n"[1.50,{""a"":null}]",true,7'),
    '[{"tags":[1.50,{"a":null}],"on":true,"n":7}]',
  );
  assert.is(read('id,other\n1,1', { id: 'text' }), '[{"id":"1","other":1}]');
  assert.is(read('id:number\n1', { id: 'text' }), '[{"id":1}]');
  assert.is(read('a:b\n1'), '[{"a:b":1}]');
});

test('an empty field is null, a quoted one is an empty text; neither decides a type', () => {
  assert.is(read('a,b,c\n,"",\n1,x,\n'), '[{"a":null,"b":"","c":null},{"a":1,"b":"x","c":null}]');
});

test('RFC 4180: quotes, commas and line breaks in fields, CRLF, a byte order mark, empty lines', () => {
  assert.is(
    read('\uFEFFa,b\r\n"x, ""y""","1\r\n2"\r\n\r\nz,w\r\n'),
    '[{"a":"x, \\"y\\"","b":"1\\r\\n2"},{"a":"z","b":"w"}]',
  );
  assert.is(read('a,b'), '[]');
});

test('every problem names its line and column, and never shows what stands there', () => {
  const header = `a header of at most ${mockLimits.columnsMax} different names, each with or without :text, :number, :boolean, :json`;
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['', ['line 1: a header']],
    ['\n\n', ['line 1: a header']],
    ['a,a\n1,2', [`line 1: ${header}`]],
    ['a:text,a\n1,2', [`line 1: ${header}`]],
    ['a,\n1,2', [`line 1: ${header}`]],
    [Array.from({ length: mockLimits.columnsMax + 1 }, (_, at) => `c${at}`).join(), [`line 1: ${header}`]],
    ['a,b\nsecret\n', ['line 2: as many fields as the header has']],
    ['a,b\n1,2\n1,2,secret\n', ['line 3: as many fields as the header has']],
    ['a\n"secret\n', ['line 2: CSV']],
    ['a\nx"secret"\n', ['line 2: CSV']],
    [
      'a:number,b:boolean,c:json\n1,true,1\nsecret,secret,secret\n',
      ['line 3: a: number', 'line 3: b: boolean', 'line 3: c: json'],
    ],
  ];
  for (const [text, expected] of cases) assert.equal(read(text), expected, text.slice(0, 60));
});

test('the first problems are enough', () => {
  assert.is(read(`a:number\n${'x\n'.repeat(1_000)}`).length, 20);
});

test.run();
