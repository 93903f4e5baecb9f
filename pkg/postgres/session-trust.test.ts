/** Which refusals cost a connection; on a real server it is in test/integration/database-sessions.test.ts. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createSessionTrust } from './session-trust.ts';
import { createStatement } from './statement.ts';

const packet = (...texts: readonly string[]) => texts.map((text) => ({ statement: createStatement(text), values: [] }));
const done = { rows: [], rowCount: 0 };
const error = Object.assign(new Error('refused'), { code: '42P01' });

/** A packet of these, of which the last is refused. */
const refuse = (trust: ReturnType<typeof createSessionTrust>, ...texts: readonly string[]): boolean =>
  trust.isFitAfter(packet(...texts), { results: texts.slice(1).map(() => done), failure: { error } });

test('a text that is refused for what it names costs one connection, until it has been run again', () => {
  const trust = createSessionTrust(10);
  assert.equal(
    [refuse(trust, 'a'), refuse(trust, 'a'), refuse(trust, 'b'), refuse(trust, 'b')],
    [false, true, false, true],
  );
  assert.ok(trust.isFitAfter(packet('a'), { results: [done] }));
  assert.equal([refuse(trust, 'a'), refuse(trust, 'b')], [false, true]);
});

test('in a packet it is the statement that was refused, and those before it have been run', () => {
  const trust = createSessionTrust(10);
  assert.equal(
    [refuse(trust, 'a'), refuse(trust, 'a', 'b'), refuse(trust, 'b'), refuse(trust, 'a')],
    [false, false, true, false],
  );
});

test('what its end is refused for names nothing of its own, and is remembered too', () => {
  const trust = createSessionTrust(10);
  const end = () => trust.isFitAfter(packet('a'), { results: [done], failure: { error } });
  assert.equal([end(), end()], [false, true]);
});

test('of more texts than it remembers the one that was refused first is forgotten', () => {
  const trust = createSessionTrust(2);
  assert.equal(
    ['a', 'b', 'c', 'b', 'c', 'a'].map((text) => refuse(trust, text)),
    [false, false, false, true, true, false],
  );
});

test.run();
