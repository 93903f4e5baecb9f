import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refusalOf } from './refusal.ts';

const said = (message: string, code = '22P02') => Object.assign(new Error(message), { code });
const unmet = 'cxone-data-actions rolls back: not the expected rows but 0';
const tooLong = 'cxone-data-actions rolls back: the answer is too long, rows: 3';
const repeated = 'cxone-data-actions rolls back: the idempotency key was used before, claims: 0';

test('a refusal of ours is told in whichever language PostgreSQL speaks', () => {
  for (const [opening, closing] of [
    ['invalid input syntax for type integer: "', '"'],
    ['ungültige Eingabesyntax für Typ integer: »', '«'],
    ['syntaxe en entrée invalide pour le type integer : « ', ' »'],
  ]) {
    assert.is(refusalOf(said(`${opening}${unmet}${closing}`)), 'unmet');
    assert.is(refusalOf(said(`${opening}${tooLong}${closing}`)), 'tooLong');
    assert.is(refusalOf(said(`${opening}${repeated}${closing}`)), 'repeated');
  }
});

test('as the cause of another error, too', () => {
  assert.is(refusalOf(new Error('a statement failed', { cause: said(unmet) })), 'unmet');
});

test('nothing else is one', () => {
  assert.is(refusalOf(said('invalid input syntax for type integer: "x"')), undefined);
  assert.is(refusalOf(said(unmet, 'P0001')), undefined);
  assert.is(refusalOf(unmet), undefined);
});

test.run();
