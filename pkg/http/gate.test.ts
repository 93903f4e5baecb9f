import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError } from '../errors/app-error.ts';
import { createGate } from './gate.ts';

const codeOf = (enter: () => void): string | undefined => {
  try {
    enter();
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    assert.is(error.retryAfterMs, 1_000);
    return error.code;
  }
};

const open = (requestsMax: number, bodyBytesMax: number) => {
  const shed: string[] = [];
  const gate = createGate({ requestsMax, bodyBytesMax, onShed: (reason) => shed.push(reason) });
  return { gate, shed, enter: (bytes: number) => codeOf(() => gate.enter(bytes)) };
};

test('lets in as many requests as it may, and one more only after one left', () => {
  const { gate, shed, enter } = open(2, 1_000);
  assert.equal([enter(0), enter(0), enter(0)], [undefined, undefined, 'overloaded']);
  gate.leave(0);
  assert.equal([enter(0), enter(0)], [undefined, 'overloaded']);
  assert.equal(shed, ['requests', 'requests']);
});

test('holds as many body bytes as it may, to the last one', () => {
  const { gate, shed, enter } = open(10, 100);
  assert.equal(
    [enter(60), enter(41), enter(40), enter(1), enter(0)],
    [undefined, 'overloaded', undefined, 'overloaded', undefined],
  );
  gate.leave(60);
  assert.equal([enter(61), enter(60)], ['overloaded', undefined]);
  assert.equal(shed, ['body_bytes', 'body_bytes', 'body_bytes']);
});

test('who was refused has taken nothing', () => {
  const { gate, enter } = open(1, 100);
  enter(100);
  for (let times = 0; times < 5; times++) enter(100);
  gate.leave(100);
  assert.is(enter(100), undefined);
});

test('draining lets in within the bounds, closed nobody, and there is no way back', () => {
  const { gate, shed, enter } = open(2, 100);
  assert.is(gate.state(), 'open');
  gate.drain();
  assert.is(gate.state(), 'draining');
  assert.is(enter(0), undefined);
  gate.close();
  assert.is(enter(0), 'stopping');
  gate.drain();
  assert.is(gate.state(), 'closed');
  gate.leave(0);
  assert.equal(shed, ['stopping']);
});

test.run();
