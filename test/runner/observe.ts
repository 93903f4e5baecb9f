/**
 * Preloaded (`--import`) into every test file by the runner: watches uvu's own results and hands them over through a pipe when
 * the process ends, so that nothing printed can be mistaken for them. Also names skipped tests, prints what a hook threw (uvu
 * swallows it) and notes an exit code that a test set (uvu overwrites it).
 */
import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { type Callback, test } from 'uvu';
import { type Observed, observedDescriptor } from './observed.ts';

type Run = () => Promise<readonly [unknown, number, number, number]>;

const observed = {
  suites: 0,
  finished: 0,
  total: 0,
  passed: 0,
  skipped: 0,
  exitCode: 0,
  skippedTitles: [] as string[],
};

const observe = (run: Run): Run => {
  observed.suites += 1;
  return async () => {
    const result = await run();
    const [, passed, skipped, total] = result;
    observed.finished += 1;
    observed.total += total;
    observed.passed += passed;
    observed.skipped += skipped;
    observed.exitCode ||= Number(process.exitCode ?? 0);
    return result;
  };
};

/** uvu appends each suite's run function to the one group it made. */
const watchGroups = (queue: unknown): void => {
  if (!Array.isArray(queue)) throw new Error('uvu has no queue where it had one in 0.5.6');
  for (const group of queue) {
    const push = group.push.bind(group);
    group.push = (...runs: readonly Run[]) => push(...runs.map(observe));
  }
};

const nameSkipped = (): void => {
  const skip = test.skip;
  test.skip = (title = 'a test without a title', handler) => {
    observed.skippedTitles.push(title);
    skip(title, handler);
  };
};

/** uvu gives up silently when a hook throws; at least what it threw is printed. */
const printHookErrors = (): void => {
  const { before, after } = test;
  const aloud =
    (name: string, handler: Callback): Callback =>
    async (context) => {
      try {
        await handler(context);
      } catch (error) {
        process.stderr.write(`\n${name} hook threw: ${inspect(error)}\n`);
        throw error;
      }
    };
  const wrap = (name: string, hook: typeof before): typeof before =>
    Object.assign((handler: Callback) => hook(aloud(name, handler)), {
      each: (handler: Callback) => hook.each(aloud(`${name}.each`, handler)),
    });
  test.before = wrap('before', before);
  test.after = wrap('after', after);
};

const report = (): void => {
  const last: Observed = observed;
  writeSync(observedDescriptor, JSON.stringify(last));
};

watchGroups(Reflect.get(globalThis, 'UVU_QUEUE'));
nameSkipped();
printHookErrors();
process.on('exit', report);
