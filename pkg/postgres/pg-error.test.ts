import { InvalidInputError } from 'slonik';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError } from '../errors/app-error.ts';
import {
  asOperatorFault,
  isStatementFault,
  isValueFault,
  SilentConnectionError,
  sqlStateOf,
  toAppError,
} from './pg-error.ts';

const withCode = (code: string, more: object = {}) => Object.assign(new Error('secret text'), { code, ...more });
const system = (code: string) => withCode(code, { errno: -1, syscall: 'read' });

const cases: readonly (readonly [error: unknown, code: string, sqlState: string | undefined])[] = [
  [withCode('22012'), 'statement_failed', '22012'],
  [withCode('42P01'), 'statement_failed', '42P01'],
  [withCode('0A000'), 'statement_failed', '0A000'],
  [withCode('P0001'), 'statement_failed', 'P0001'],
  [new InvalidInputError('of slonik, without its code'), 'statement_failed', '22P02'],
  [withCode('57014'), 'deadline_exceeded', '57014'],
  [withCode('25P04'), 'deadline_exceeded', '25P04'],
  [new SilentConnectionError(0, 1), 'deadline_exceeded', undefined],
  [withCode('53400'), 'statement_failed', '53400'],
  [withCode('08001'), 'database_unavailable', '08001'],
  [withCode('08006'), 'database_unavailable', '08006'],
  [withCode('53300'), 'database_unavailable', '53300'],
  [withCode('57P01'), 'database_unavailable', '57P01'],
  [withCode('57P03'), 'database_unavailable', '57P03'],
  [withCode('58030'), 'database_unavailable', '58030'],
  [withCode('25006'), 'database_unavailable', '25006'],
  [withCode('25P03'), 'database_unavailable', '25P03'],
  [withCode('55P03'), 'database_unavailable', '55P03'],
  [withCode('XX000'), 'database_unavailable', 'XX000'],
  [withCode('XX001'), 'database_unavailable', 'XX001'],
  [system('ECONNREFUSED'), 'database_unavailable', undefined],
  [system('EPIPE'), 'database_unavailable', undefined],
  [new Error('Connection terminated unexpectedly'), 'database_unavailable', undefined],
  ['no error at all', 'database_unavailable', undefined],
  [new TypeError('a bug'), 'internal', undefined],
];

for (const [error, code, sqlState] of cases) {
  const said = error instanceof Error ? (sqlState ?? Reflect.get(error, 'code') ?? error.name) : error;
  test(`${said} is ${code}`, () => {
    const found = toAppError(error);
    assert.is(found.code, code);
    assert.is(found.cause, error);
    assert.is(found.retryAfterMs !== undefined, code === 'database_unavailable');
    assert.is(isStatementFault(found), code === 'statement_failed');
    assert.is(sqlStateOf(found), sqlState);
    assert.not.match(found.message, 'secret');
    assert.not.match(found.publicMessage, /secret|\d{5}/);
  });
}

test('the SQLSTATE is found below the errors that wrap it, not in a circle', () => {
  assert.is(sqlStateOf(new Error('outer', { cause: new Error('inner', { cause: withCode('23505') }) })), '23505');
  const circle = new Error('round');
  circle.cause = circle;
  assert.is(sqlStateOf(circle), undefined);
});

const blamed: readonly (readonly [state: string, isValues: boolean])[] = [
  ['22012', true],
  ['23514', true],
  ['P0001', true],
  ['0A000', false],
  ['25P02', false],
  ['26000', false],
  ['42P01', false],
  ['42501', false],
  ['57014', false],
  ['25P04', false],
  ['53100', false],
  ['53400', true],
];
for (const [state, isValues] of blamed) {
  test(`${state} ${isValues ? 'may be' : 'is not'} for the values`, () => {
    assert.is(isValueFault(toAppError(withCode(state))), isValues);
  });
}

test("what a statement of the service's own is refused for is the operator's fault, and what it had no time for is not", () => {
  const told = (state: string) => asOperatorFault('audit_log', withCode(state));
  assert.equal([told('42501').code, told('42501').message], ['database_unavailable', 'audit_log: SQLSTATE 42501']);
  assert.is(told('57014').code, 'deadline_exceeded');
});

test('an AppError passes as it is', () => {
  const error = new AppError('overloaded');
  assert.is(toAppError(error), error);
});

test.run();
