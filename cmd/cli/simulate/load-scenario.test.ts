import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { simulateLimits } from '../../../pkg/process/simulate-limits.ts';
import { ownDirectory } from '../../../test/services/owned.ts';
import { loadScenarioFile } from './load-scenario.ts';

const folder = ownDirectory('scenario');
const write = (text: string, name = 'scenario.yaml'): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const problems = async (text: string) => {
  const loaded = await loadScenarioFile(write(text));
  return loaded.ok ? [] : loaded.problems.map(({ path, expected }) => `${path}: ${expected}`);
};
const reading = (file: string) => `steps: [{action: a, input: {id: {from: ${file}}}}]\nphases: [{count: 1}]\n`;

test('the example loads', async () => {
  const loaded = await loadScenarioFile(join(import.meta.dirname, '../../../deploy/examples/caller/scenario.yaml'));
  assert.ok(loaded.ok, JSON.stringify(loaded));
});

test('JSON is read as well', async () => {
  assert.equal(await problems('{"steps":[{"action":"a"}],"phases":[{"count":1}]}'), []);
});

test('values come from beside the scenario: one a line, up to the first comma, empty lines left out', async () => {
  mkdirSync(join(folder, 'data'), { recursive: true });
  write('k1,Grace\r\nk2\n\n  k3 ,x\n', 'data/ids.csv');
  const loaded = await loadScenarioFile(write(reading('data/ids.csv')));
  assert.equal(loaded.ok ? loaded.value.linesOf('data/ids.csv') : [], ['k1', 'k2', 'k3']);
});

test('what cannot be read is told by path or line, and never shown', async () => {
  const expected = `steps[0].input.id.from: a readable file of 1 to ${simulateLimits.valuesMax} lines in UTF-8`;
  write('\n\n', 'empty.csv');
  writeFileSync(join(folder, 'latin1.csv'), 'a-s\xe9cret', 'latin1');
  for (const file of ['a-secret.csv', 'empty.csv', 'latin1.csv', '.'])
    assert.equal(await problems(reading(file)), [expected]);
  assert.equal(await problems('steps:\n  - a: b: a-secret'), ['line 2: YAML (block as implicit key)']);
  assert.equal(await problems('steps: []\nsteps: []'), ['line 2: a key that is not there already']);
  assert.equal(await problems('steps: !secret []'), ['line 1: no tag']);
  assert.equal(await problems('a: 1\n---\nb: 1'), [': one document']);
  assert.equal(await problems(''), [': one document']);
  assert.equal(await problems(`# ${'x'.repeat(simulateLimits.scenarioBytesMax)}`), [
    `: at most ${simulateLimits.scenarioBytesMax} bytes of UTF-8`,
  ]);
});

test.run();
