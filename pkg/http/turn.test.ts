import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { requestLimits } from '../process/limits.ts';
import { createTurns, type Turn } from './turn.ts';

/** Requests that are answered as soon as `answer` is called, and what was sent so far. */
const setUp = () => {
  const currentTurn = createTurns();
  const sent: string[] = [];
  const end = (...given: string[]): void => {
    if (given[0] === 'bad') throw new Error('cannot be sent');
    sent.push(given.join());
  };
  const response = { end, destroy: () => sent.push('destroyed') };
  const answer = (turn: Turn, body: string): void => turn.send({ response, body, encoding: 'utf8' });
  const ask = (body: string): Turn => {
    const turn = currentTurn();
    answer(turn, body);
    return turn;
  };
  return { currentTurn, sent, answer, ask };
};

/** Two requests in one turn, which is over then. */
const several = async ({ ask }: ReturnType<typeof setUp>): Promise<void> => {
  ask('x');
  await ask('y').over();
};

test('who is alone is answered at once', async () => {
  const { ask, sent } = setUp();
  const first = ask('a');
  assert.equal(sent, ['a,utf8']);
  await first.over();
  ask('b');
  assert.equal(sent, ['a,utf8', 'b,utf8']);
});

test('answers to several of one turn go out at its end, in their order', async () => {
  const setting = setUp();
  await several(setting);
  const { ask, sent } = setting;
  sent.length = 0;
  ask('a');
  ask('b');
  const third = ask('c');
  await Promise.resolve();
  assert.equal(sent, []);
  await third.over();
  assert.equal(sent, ['a,utf8', 'b,utf8', 'c,utf8']);
});

test('in the first turn of several only the first is answered at once', async () => {
  const { ask, sent } = setUp();
  ask('a');
  const second = ask('b');
  assert.equal(sent, ['a,utf8']);
  await second.over();
  assert.equal(sent, ['a,utf8', 'b,utf8']);
});

test('who is alone after a turn of several waits for the end of that turn, and the next one does not', async () => {
  const setting = setUp();
  await several(setting);
  const { ask, sent } = setting;
  sent.length = 0;
  const lonely = ask('a');
  assert.equal(sent, []);
  await lonely.over();
  assert.equal(sent, ['a,utf8']);
  ask('b');
  assert.equal(sent, ['a,utf8', 'b,utf8']);
});

test('what is answered in a later turn goes out at once', async () => {
  const setting = setUp();
  await several(setting);
  const { currentTurn, answer, ask, sent } = setting;
  const earlier = currentTurn();
  await currentTurn().over();
  sent.length = 0;
  const later = ask('later');
  answer(earlier, 'earlier');
  assert.equal(sent, ['earlier,utf8']);
  await later.over();
  assert.equal(sent, ['earlier,utf8', 'later,utf8']);
});

test('no more than a bounded number wait', async () => {
  const setting = setUp();
  await several(setting);
  const { ask, sent } = setting;
  sent.length = 0;
  const most = requestLimits.answersTogetherMax;
  let last: Turn | undefined;
  for (let n = 1; n <= most; n++) {
    assert.is(sent.length, 0);
    last = ask(`${n}`);
  }
  assert.is(sent.length, most);
  last = ask('one more');
  assert.is(sent.length, most);
  await last.over();
  assert.equal(sent.slice(-2), [`${most},utf8`, 'one more,utf8']);
});

test('a turn is over once what has arrived is read', async () => {
  const { currentTurn } = setUp();
  const order: string[] = [];
  const turn = currentTurn();
  const over = turn.over().then(() => order.push('over'));
  setImmediate(() => order.push('what was to come later'));
  process.nextTick(() => order.push('next tick'));
  await over;
  assert.equal(order, ['next tick', 'over']);
  assert.is.not(currentTurn(), turn);
});

test('of a turn that is over long since, it is the end of the one that now is', async () => {
  const { currentTurn } = setUp();
  const earlier = currentTurn();
  await earlier.over();
  const order: string[] = [];
  process.nextTick(() => order.push('next tick'));
  await earlier.over();
  assert.equal(order, ['next tick']);
});

test('an answer that cannot be sent costs its own connection alone', async () => {
  const setting = setUp();
  await several(setting);
  const { ask, sent } = setting;
  sent.length = 0;
  ask('a');
  ask('bad');
  await ask('c').over();
  assert.equal(sent, ['a,utf8', 'destroyed', 'c,utf8']);
});

test.run();
