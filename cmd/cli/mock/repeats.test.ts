import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError, isAppError } from '../../../pkg/errors/app-error.ts';
import { createManualClock } from '../../../pkg/process/manual-clock.ts';
import { mockLimits } from '../../../pkg/process/mock-limits.ts';
import { createRepeats } from './repeats.ts';

const key = (name = 'k', body = 'body', action = 'a', tenantId = 'acme') => ({
  tenantId,
  action,
  key: name,
  bodyHash: body,
});

const open = () => {
  const clock = createManualClock();
  const repeats = createRepeats(clock);
  let made = 0;
  const first = async () => {
    made += 1;
    return `answer ${made}`;
  };
  return {
    clock,
    made: () => made,
    answer: (of = key(), make: () => Promise<string> = first) => repeats.answer(of, make),
  };
};

const codeOf = (answer: Promise<unknown>) =>
  answer.then(
    () => 'answered',
    (error: unknown) => (isAppError(error) ? error.code : 'a bug'),
  );

test('a repeat gets the first answer; another body is refused, and changes nothing', async () => {
  const { answer, made } = open();
  assert.is(await answer(), 'answer 1');
  assert.is(await answer(), 'answer 1');
  assert.is(await codeOf(answer(key('k', 'other'))), 'idempotency_key_reused');
  assert.is(await answer(), 'answer 1');
  assert.is(made(), 1);
});

test('other keys, actions and tenants are other requests, whatever their names look like together', async () => {
  const { answer, made } = open();
  for (const each of [
    key(),
    key('l'),
    key('k', 'body', 'b'),
    key('k', 'body', 'a', 'globex'),
    key('b', 'body', 'a","k'),
  ]) {
    await answer(each);
  }
  assert.is(made(), 5);
});

test('concurrent repeats wait for the first; when it fails, one of them is the next first', async () => {
  const { answer, made } = open();
  const { promise, reject } = Promise.withResolvers<string>();
  const failing = codeOf(answer(key(), () => promise));
  const waiting = [answer(), answer(), codeOf(answer(key('k', 'other')))];
  reject(new AppError('conflict'));
  assert.is(await failing, 'conflict');
  assert.equal(await Promise.all(waiting), ['answer 1', 'answer 1', 'idempotency_key_reused']);
  assert.is(made(), 1);
});

test('after 24 hours a key is new again', async () => {
  const { answer, clock } = open();
  await answer();
  await clock.advance(24 * 3_600_000 - 1);
  assert.is(await answer(), 'answer 1');
  await clock.advance(1);
  assert.is(await answer(), 'answer 2');
  assert.is(await answer(), 'answer 2');
});

test('the newest keys are held, the oldest goes first', async () => {
  const { answer, made } = open();
  for (let n = 0; n <= mockLimits.keysMax; n += 1) await answer(key(`k${n}`));
  assert.is(await answer(key('k1')), 'answer 2');
  const before = made();
  await answer(key('k0'));
  assert.is(made(), before + 1);
});

test.run();
