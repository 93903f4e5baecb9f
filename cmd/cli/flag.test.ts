import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Flags, type Operand, readFlags, UsageError } from './flag.ts';

const flags = {
  url: { type: 'string', short: 'u', value: 'URL', help: '' },
  count: { type: 'string', value: 'N', whole: { min: 1, max: 10 }, default: '3', help: '' },
  rate: { type: 'string', value: 'N', decimal: { min: 0.1, max: 10 }, help: '' },
  kind: { type: 'string', value: 'KIND', words: ['a', 'b'], help: '' },
  kinds: { type: 'string', value: 'KINDS', words: ['a', 'b'], list: true, help: '' },
  loud: { type: 'boolean', short: 'l', help: '' },
} as const satisfies Flags;

const read = (args: readonly string[], operand?: Operand) => readFlags(flags, operand, args);
const complaint = (args: readonly string[], operand?: Operand): string => {
  try {
    read(args, operand);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
  }
  return 'none';
};

test('values have the types their descriptions say; defaults stand for what is left out', () => {
  const given = read(['-u', 'x', '--count=10', '--rate', '0.5', '--kind', 'b', '--kinds', 'a,b', '-l']).flags;
  assert.equal(given, { url: 'x', count: 10, rate: 0.5, kind: 'b', kinds: ['a', 'b'], loud: true });
  const { url, count, loud } = read([]).flags;
  assert.equal([url, count, loud], [undefined, 3, undefined]);
});

const wrong: readonly (readonly [readonly string[], string])[] = [
  [['--nobody'], '--nobody: no such flag'],
  [['-x'], '-x: no such flag'],
  [['--__proto__'], '--__proto__: no such flag'],
  [['--url'], '--url: its value URL is missing (--url=… for one that begins with -)'],
  [['--url', '--loud'], '--url: its value URL is missing (--url=… for one that begins with -)'],
  [['-u'], '-u: its value URL is missing (--url=… for one that begins with -)'],
  [['--url', 'a', '-u', 'b'], '-u: given twice'],
  [['--loud=secret'], '--loud: takes no value'],
  [['--count', '0'], '--count: expected a whole number from 1 to 10'],
  [['--count', '11'], '--count: expected a whole number from 1 to 10'],
  [['--count', '1.5'], '--count: expected a whole number from 1 to 10'],
  [['--count', ''], '--count: expected a whole number from 1 to 10'],
  [['--count', '1e1'], '--count: expected a whole number from 1 to 10'],
  [['--rate', '0.09'], '--rate: expected a number from 0.1 to 10'],
  [['--rate', 'NaN'], '--rate: expected a number from 0.1 to 10'],
  [['--kind', 'secret'], '--kind: expected one of a, b'],
  [['--kinds', 'a,'], '--kinds: expected some of a, b'],
  [['secret'], 'takes flags only: there is a word without one'],
];

test('wrong usage names the flag and what it takes, never what was given', () => {
  for (const [args, expected] of wrong) assert.is(complaint(args), expected, args.join(' '));
});

test('a value that begins with - is given with =; a lone - is a value', () => {
  assert.is(read(['--url=-x']).flags.url, '-x');
  assert.is(read(['--url', '-']).flags.url, '-');
});

test('what stands beside the flags is counted and checked', () => {
  const shell: Operand = { value: 'SHELL', help: '', min: 1, max: 2, words: ['bash', 'zsh'] };
  assert.equal(read(['bash', '--loud', 'zsh'], shell).operands, ['bash', 'zsh']);
  assert.is(complaint([], shell), 'SHELL is required: one of bash, zsh');
  assert.is(complaint(['bash', 'zsh', 'bash'], shell), 'SHELL: at most 2');
  assert.is(complaint(['secret'], shell), 'SHELL: expected one of bash, zsh');
});

test.run();
