// time limit: 400 s
/**
 * Requests that schemathesis generates from the served document, against a real handler on a real PostgreSQL: whatever comes
 * back stands in the document, what it calls valid is answered and what it calls invalid is refused.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareDatabase } from '../services/database.ts';
import { startHandler, type TestHandler } from '../services/handler.ts';
import { ownDirectory } from '../services/owned.ts';
import { startPostgres } from '../services/postgres.ts';
import { secretOf } from '../services/tenants.ts';
import { testUnless } from '../services/test-unless.ts';
import { describedSpec } from './described-tenant.ts';
import { generate, whyNoSchemathesis } from './schemathesis.ts';

const missing = whyNoSchemathesis();
const testOrSkip = testUnless(missing);
let handler: TestHandler | undefined;

test.before(async () => {
  if (missing !== undefined) return;
  const database = await prepareDatabase(await startPostgres());
  handler = await startHandler({ DATABASE_URL: database.url }, [{ tenantId: 'acme', spec: describedSpec }]);
  await handler.ready();
});

const running = (): TestHandler => {
  if (!handler) throw new Error('the handler was not started');
  return handler;
};

testOrSkip('no answer is outside the document, and both agree on what is valid', async () => {
  const { url, adminUrl } = running();
  const document = `${adminUrl}/openapi/acme`;
  const { status, output } = await generate({ document, url, key: secretOf('acme'), examples: 150 });
  assert.is(status, 0, output);
  assert.match(output, /\b[1-9]\d\d+ passed/);
});

/** Each says something of the service that is not so. */
const lies: Readonly<Record<string, (document: string) => string>> = {
  'answers have `lost`, and no `missing`': (document) => document.replaceAll('"missing":', '"lost":'),
  'a text may be one character longer': (document) => document.replace('"maxLength": 12', '"maxLength": 13'),
};

testOrSkip('a document that is wrong is found out', async () => {
  const { url, admin } = running();
  const served = (await admin('/openapi/acme')).text;
  for (const [title, tell] of Object.entries(lies)) {
    const document = join(ownDirectory('lie'), 'openapi.json');
    assert.is.not(tell(served), served, title);
    writeFileSync(document, tell(served));
    const { status, output } = await generate({ document, url, key: secretOf('acme'), examples: 1, failuresMax: 1 });
    assert.is(status, 1, `${title}: ${output}`);
  }
});

test.after(() => handler?.stop());
test.run();
