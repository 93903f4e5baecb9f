import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadSources, type Rule } from './sources.ts';
import { headsExplain, keepsTextRules, namesAreConcepts, staysShort } from './tidy.ts';

const head = '/** What it is. */\n';

interface Case {
  readonly rule: Rule;
  readonly breaks: readonly (readonly [path: string, text: string])[];
  readonly keeps: readonly (readonly [path: string, text: string])[];
}

const cases: Readonly<Record<string, Case>> = {
  'what may stand where': {
    rule: keepsTextRules,
    breaks: [
      ['pkg/http/a.test.ts', `test.${'only'}('one', () => {});`],
      ['pkg/http/a.ts', 'const port = process.env.PORT;'],
      ['pkg/process/settings.ts', 'const port = process.env.PORT;'],
      ['pkg/http/a.ts', 'process.exit(1);'],
      ['pkg/http/a.ts', 'const began = Date.now();'],
      ['pkg/http/a.ts', 'const began = performance.now();'],
      ['pkg/http/a.ts', 'setTimeout(stop, 5);'],
      ['pkg/http/a.ts', 'const t = globalThis.setInterval(stop, 5);'],
    ],
    keeps: [
      ['pkg/process/clock.ts', 'setTimeout(stop, 5);'],
      ['pkg/http/a.test.ts', 'setTimeout(stop, 5);'],
      ['pkg/http/a.ts', 'socket.setTimeout(5);'],
      ['pkg/http/a.ts', '// not Date.now()\n/* nor process.exit() */ clock.now();'],
      ['cmd/handler/main.ts', 'process.exit(loadSettings(process.env).ok ? 0 : 2);'],
    ],
  },
  'files are named after a concept': {
    rule: namesAreConcepts,
    breaks: ['pkg/http/util.ts', 'pkg/common/a.ts', 'test/helpers.ts', 'pkg/a/types.ts', 'cmd/a/index.ts'].map(
      (path) => [path, head] as const,
    ),
    keeps: [
      ['pkg/a/index-key.ts', head],
      ['pkg/a/input-types.ts', head],
    ],
  },
  'files begin with a comment that says what they are': {
    rule: headsExplain,
    breaks: [
      ['pkg/a/a.ts', 'export const a = 1;'],
      ['cmd/a/main.ts', '// short\nexport const a = 1;'],
    ],
    keeps: [
      ['pkg/a/a.ts', head],
      ['cmd/cli/cli.mjs', `#!/usr/bin/env node\n${head}`],
      ['pkg/a/a.test.ts', ''],
    ],
  },
  'files stay short': {
    rule: staysShort,
    breaks: [
      ['pkg/a/a.ts', 'a\n'.repeat(251)],
      ['pkg/a/a.test.ts', 'a\n'.repeat(401)],
    ],
    keeps: [
      ['pkg/a/a.ts', 'a\n'.repeat(250)],
      ['pkg/a/a.test.ts', 'a\n'.repeat(400)],
    ],
  },
};

for (const [title, { rule, breaks, keeps }] of Object.entries(cases)) {
  test(`${title}: the project keeps it`, () => assert.equal(rule(loadSources()), []));
  test(`${title}: each sample that breaks it is found`, () => {
    for (const [path, text] of breaks) assert.is(rule([{ path, text }]).length, 1, `${path}: ${text.slice(0, 60)}`);
    for (const [path, text] of keeps) assert.equal(rule([{ path, text }]), [], `${path}: ${text.slice(0, 60)}`);
  });
}

test.run();
