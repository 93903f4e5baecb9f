import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAppError } from '../errors/app-error.ts';
import type { RunOnConnection } from './database.ts';
import { claimKey } from './idempotency.ts';

const key = { tenantId: 'acme', action: 'change', key: 'k', bodyHash: 'h' };

for (const statement of ['INSERT', 'SELECT']) {
  test(`${statement} of a key that is refused is the operator's fault`, async () => {
    const run: RunOnConnection = async ({ text }) => {
      if (text.startsWith(statement)) throw Object.assign(new Error('no right to it'), { code: '42501' });
      return { rows: [], rowCount: 0 };
    };
    const error: unknown = await claimKey(run, key).catch((refused: unknown) => refused);
    assert.is(isAppError(error) && error.message, 'idempotency_keys: SQLSTATE 42501');
  });
}

test.run();
