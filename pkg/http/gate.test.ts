import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError } from '../errors/app-error.ts';
import { createGate, type Pass } from './gate.ts';

const codeOf = (work: () => void): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    assert.is(error.retryAfterMs, 1_000);
    return error.code;
  }
};

const open = (requestsMax: number, bodyBytesMax: number) => {
  const shed: string[] = [];
  const refused: string[] = [];
  const gate = createGate({ requestsMax, bodyBytesMax, onShed: (reason) => shed.push(reason) });
  const hold = (pass: Pass, bytes: number) => codeOf(() => pass.hold(bytes));
  return {
    gate,
    shed,
    refused,
    hold,
    enter: () => codeOf(() => gate.enter()),
    /** Whose body is on its way. */
    waiting: (name: string): Pass => {
      const pass = gate.enter();
      pass.wait(({ code }) => void refused.push(`${name} ${code}`));
      return pass;
    },
  };
};

test('lets in as many requests as it may, and one more only after one left', () => {
  const { gate, shed, enter } = open(2, 1_000);
  const first = gate.enter();
  assert.equal([enter(), enter()], [undefined, 'overloaded']);
  first.leave();
  first.leave();
  assert.equal([enter(), enter()], [undefined, 'overloaded']);
  assert.equal(shed, ['requests', 'requests']);
});

test('holds as many body bytes as it may, to the last one', () => {
  const { gate, shed, hold } = open(10, 100);
  const [first, second] = [gate.enter(), gate.enter()];
  assert.equal(
    [hold(first, 60), hold(second, 41), hold(second, 40), hold(first, 1), hold(first, 0)],
    [undefined, 'overloaded', undefined, 'overloaded', undefined],
  );
  first.leave();
  assert.equal([hold(second, 61), hold(second, 60)], ['overloaded', undefined]);
  assert.equal(shed, ['body_bytes', 'body_bytes', 'body_bytes']);
});

test('who waits for a body takes the place of nobody, and comes back where there is one', () => {
  const { gate, refused, enter, waiting } = open(2, 100);
  const [first, second] = [waiting('first'), waiting('second')];
  const inside = gate.enter();
  first.goOn();
  assert.is(enter(), 'overloaded');
  assert.is(
    codeOf(() => second.goOn()),
    'overloaded',
  );
  inside.leave();
  second.goOn();
  second.goOn();
  assert.is(enter(), 'overloaded');
  for (const pass of [first, second]) pass.leave();
  assert.equal([enter(), enter(), enter(), refused], [undefined, undefined, 'overloaded', []]);
});

test('of too many that wait, who has waited longest makes room', () => {
  const { shed, refused, waiting } = open(2, 100);
  const passes = ['a', 'b', 'c', 'd'].map(waiting);
  assert.equal(refused, ['a overloaded', 'b overloaded']);
  assert.equal(shed, ['requests', 'requests']);
  for (const pass of passes) pass.leave();
  waiting('e');
  waiting('f');
  assert.is(refused.length, 2);
});

test('bytes that are here make room of those on their way, the oldest first, before anybody else is refused', () => {
  const { gate, shed, refused, hold, waiting } = open(10, 100);
  for (const name of ['a', 'b', 'c']) assert.is(hold(waiting(name), 30), undefined);
  const inside = gate.enter();
  assert.is(hold(inside, 45), undefined);
  assert.equal(refused, ['a overloaded', 'b overloaded']);
  assert.is(hold(inside, 50), undefined);
  assert.is(hold(inside, 10), 'overloaded');
  assert.equal(refused, ['a overloaded', 'b overloaded', 'c overloaded']);
  assert.equal(shed, ['body_bytes', 'body_bytes', 'body_bytes', 'body_bytes']);
  inside.leave();
  assert.is(hold(gate.enter(), 100), undefined);
});

test('who waits longest may have to make room for itself, and holds nothing then', () => {
  const { gate, refused, hold, waiting } = open(10, 100);
  const inside = gate.enter();
  inside.hold(80);
  const late = waiting('late');
  assert.equal([hold(late, 20), hold(late, 1)], [undefined, undefined]);
  assert.equal(refused, ['late overloaded']);
  late.leave();
  assert.is(hold(gate.enter(), 20), undefined);
});

test('draining lets in within the bounds, closed nobody but who was let in before, and there is no way back', () => {
  const { gate, shed, enter, waiting } = open(2, 100);
  assert.is(gate.state(), 'open');
  gate.drain();
  assert.is(gate.state(), 'draining');
  const late = waiting('late');
  assert.is(enter(), undefined);
  gate.close();
  assert.is(enter(), 'stopping');
  late.goOn();
  gate.drain();
  assert.is(gate.state(), 'closed');
  assert.equal(shed, ['stopping']);
});

test.run();
