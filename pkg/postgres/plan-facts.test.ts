/** PostgreSQL answers when the test lets it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError } from '../errors/app-error.ts';
import { planLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createPlanFacts } from './plan-facts.ts';

const { checkMs, retryMs, rememberedMax } = planLimits;
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

const setUp = () => {
  const clock = createManualClock();
  const asked: { readonly subject: string; readonly turn: PromiseWithResolvers<boolean> }[] = [];
  const facts = createPlanFacts(clock, (subject: string) => {
    const turn = Promise.withResolvers<boolean>();
    asked.push({ subject, turn });
    return turn.promise;
  });
  const of = (name = 'numbers') => facts.of(name, `text of ${name}`);
  const answer = async (said: boolean | Error): Promise<void> => {
    if (said instanceof Error) asked.at(-1)?.turn.reject(said);
    else asked.at(-1)?.turn.resolve(said);
    await settle();
  };
  return { clock, asked, of, answer };
};

test('a fact is known from when PostgreSQL has told it, and holds while it is asked again', async () => {
  const { clock, asked, of, answer } = setUp();
  assert.is(of(), 'unknown');
  assert.is(of(), 'unknown');
  assert.equal(
    asked.map(({ subject }) => subject),
    ['text of numbers'],
    'asked once',
  );
  await answer(true);
  assert.is(of(), 'yes');
  await clock.advance(checkMs);
  assert.is(of(), 'yes');
  assert.is(asked.length, 2);
  await answer(false);
  assert.is(of(), 'no', 'the view is another one now');
  await clock.advance(checkMs - 1);
  assert.is(of(), 'no');
  assert.is(asked.length, 2);
  await clock.advance(1);
  of();
  await answer(true);
  assert.is(of(), 'yes');
});

test('of more texts than are remembered the first ones are known, and the others asked about when these no longer are', async () => {
  const { clock, asked, of, answer } = setUp();
  const texts = Array.from({ length: rememberedMax + 1 }, (_, n) => `${n}`);
  const round = async () => {
    for (const text of texts) {
      of(text);
      await answer(true);
    }
  };
  await round();
  assert.is(asked.length, rememberedMax);
  await round();
  assert.is(asked.length, rememberedMax, 'each was asked about once');
  assert.equal([of('0'), of(`${rememberedMax}`)], ['yes', 'unknown']);
  await clock.advance(checkMs);
  of(`${rememberedMax}`);
  await answer(true);
  assert.is(of(`${rememberedMax}`), 'yes');
});

test('what nobody asks for is not known for ever', async () => {
  const { clock, of, answer } = setUp();
  of();
  await answer(true);
  await clock.advance(2 * checkMs);
  assert.is(of(), 'unknown');
});

test('where PostgreSQL does not answer nobody knows, and it is asked again', async () => {
  const { clock, asked, of, answer } = setUp();
  of();
  await answer(new Error('away'));
  assert.is(of(), 'unknown');
  assert.is(asked.length, 1);
  await clock.advance(retryMs);
  assert.is(of(), 'unknown');
  await answer(true);
  assert.is(of(), 'yes');
});

test('a question that PostgreSQL refuses is answered by that, and not asked again at once', async () => {
  const { clock, asked, of, answer } = setUp();
  of();
  await answer(new AppError('statement_failed'));
  assert.is(of(), 'no');
  await clock.advance(checkMs - 1);
  assert.is(of(), 'no');
  assert.is(asked.length, 1);
});

test('it is asked about one text after the other: a plan waits for whoever has locked the table', async () => {
  const { asked, of, answer } = setUp();
  for (const name of ['locked', 'numbers', 'others']) of(name);
  assert.is(asked.length, 1);
  await answer(false);
  assert.is(asked.length, 2);
  await answer(true);
  assert.equal([of('locked'), of('numbers'), of('others')], ['no', 'yes', 'unknown']);
});

test.run();
