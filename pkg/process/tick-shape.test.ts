import { execFileSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** Prints a tick object as V8 sees it, collects garbage until nothing is held that need not be, and prints another. */
const program = `
import { executionAsyncResource } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { keepTickShape } from '${new URL('./tick-shape.ts', import.meta.url)}';

const print = () => new Promise((resolve) => process.nextTick(() => resolve(%DebugPrint(executionAsyncResource()))));
if (process.env.KEEP) keepTickShape();
await print();
for (let collection = 0; collection < 4; collection += 1) {
  await turn();
  gc();
}
await print();
`;

/** @returns where V8 has the shape (its "map") of each tick object that was printed */
const shapes = (env: NodeJS.ProcessEnv): readonly string[] => {
  const flags = ['--expose-gc', '--allow-natives-syntax', '--input-type=module', '--eval', program];
  const output = execFileSync(process.execPath, flags, { encoding: 'utf8', env: { ...process.env, ...env } });
  return [...output.matchAll(/DebugPrint:[^\n]*\n - map: (0x[0-9a-f]+) /g)].map(([, address = '']) => address);
};

test('collected garbage leaves the shape of tick objects as it was', () => {
  const [before, after, ...more] = shapes({ KEEP: '1' });
  assert.equal(more, []);
  assert.match(before ?? '', /^0x/);
  assert.is(after, before);
});

test('which it would not by itself: where this fails, V8 keeps it and there is no need to', () => {
  const [before, after] = shapes({ KEEP: '' });
  assert.is.not(after, before);
});

test.run();
