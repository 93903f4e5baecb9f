import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { accepted, bundleTenants, compileStandIn, lookupOf, rejected, unknown } from '../../test/services/registry.ts';
import type { DeclaredStatement } from '../actions/compile-tenant.ts';
import type { StatementCheck } from '../postgres/check-statement.ts';
import { bundleLimits } from '../process/limits.ts';
import { createStatementChecks } from './statement-checks.ts';

/** One statement for each column. */
const declare = (...columns: readonly string[]): readonly DeclaredStatement[] => {
  const actions = columns.flatMap((column, index) =>
    lookupOf(column).actions.map((action) => ({ ...action, name: `find_${index}` })),
  );
  const [tenant] = bundleTenants([{ tenantId: 'acme', spec: { actions } }]);
  const compiled = tenant && compileStandIn(tenant);
  if (!compiled?.ok) throw new Error('does not compile');
  return compiled.value.statements;
};

const noOne = (): void => {};

/** @param says  by column; what is not named is accepted */
const createAsked = (says: Record<string, StatementCheck> = {}) => {
  const asked: string[] = [];
  const checks = createStatementChecks(async ({ declared }) => {
    const column = /id, (\w+)/.exec(declared)?.[1] ?? '';
    asked.push(column);
    return says[column] ?? accepted;
  }, noOne);
  return { asked, checks, says };
};

test('one text is asked about once, at the same time or later, whoever declares it', async () => {
  const { asked, checks } = createAsked();
  const tenants = Array.from({ length: 1_000 }, (_, n) => `tenant-${n}`);
  await Promise.all(tenants.map((tenant) => checks.check(tenant, declare('name'))));
  assert.equal(await checks.check('late', declare('name')), { verdict: 'accepted' });
  assert.equal(asked, ['name']);
});

test('the first statement that is rejected is the verdict, with its path', async () => {
  const { checks } = createAsked({ b: rejected, c: rejected });
  const verdict = await checks.check('acme', declare('a', 'b', 'c'));
  assert.equal(verdict, { verdict: 'rejected', path: 'spec.actions[1].lookup.statement', sqlState: '42703' });
});

test('a rejection is told though nothing is known of a statement in front of it', async () => {
  const { checks } = createAsked({ b: rejected, c: unknown });
  const verdict = await checks.check('acme', declare('c', 'b'));
  assert.equal(verdict, { verdict: 'rejected', path: 'spec.actions[1].lookup.statement', sqlState: '42703' });
  assert.equal(await checks.check('acme', declare('c', 'a')), { verdict: 'unknown' });
});

test('a rejection is kept until it may have been cured; an acceptance for good', async () => {
  const { asked, checks, says } = createAsked({ b: rejected });
  await checks.check('acme', declare('a', 'b'));
  says.b = accepted;
  assert.is((await checks.check('acme', declare('a', 'b'))).verdict, 'rejected');
  checks.forgetRejections();
  assert.is((await checks.check('acme', declare('a', 'b'))).verdict, 'accepted');
  assert.is((await checks.check('acme', declare('a', 'b'))).verdict, 'accepted');
  assert.equal(asked, ['a', 'b', 'b']);
});

test('while PostgreSQL cannot be asked, nothing is kept', async () => {
  const { asked, checks, says } = createAsked({ a: unknown });
  await checks.check('acme', declare('a'));
  delete says.a;
  assert.is((await checks.check('acme', declare('a'))).verdict, 'accepted');
  assert.is(asked.length, 2);
});

test('a question that fails is asked again', async () => {
  let failures = 1;
  const checks = createStatementChecks(async () => {
    failures -= 1;
    if (failures === 0) throw new Error('a bug');
    return accepted;
  }, noOne);
  assert.is(await checks.check('acme', declare('a')).catch(() => 'failed'), 'failed');
  assert.equal(await checks.check('acme', declare('a')), { verdict: 'accepted' });
});

test('a text is known as long as one tenant declares it', async () => {
  const { asked, checks } = createAsked();
  await checks.check('acme', declare('a'));
  await checks.check('globex', declare('a', 'b'));
  await checks.check('acme', declare('b'));
  await checks.check('initech', declare('a', 'b'));
  assert.equal(asked, ['a', 'b']);
  for (const tenant of ['acme', 'globex', 'initech']) checks.forget(tenant);
  await checks.check('acme', declare('a', 'b'));
  assert.equal(asked, ['a', 'b', 'a', 'b']);
});

test('a rejection that arrives when nobody declares the text any more leaves no trace', async () => {
  const says = Promise.withResolvers<StatementCheck>();
  let asked = 0;
  const checks = createStatementChecks(() => {
    asked += 1;
    return says.promise;
  }, noOne);
  const first = checks.check('acme', declare('a'));
  checks.forget('acme');
  says.resolve(rejected);
  await first;
  await checks.check('acme', declare('a'));
  assert.is(asked, 2);
});

test('PostgreSQL is asked about few statements at once', async () => {
  let now = 0;
  let most = 0;
  const checks = createStatementChecks(async () => {
    now += 1;
    most = Math.max(most, now);
    await new Promise<void>((resolve) => setImmediate(resolve));
    now -= 1;
    return accepted;
  }, noOne);
  await Promise.all(Array.from({ length: 50 }, (_, n) => checks.check(`tenant-${n}`, declare(`column_${n}`))));
  assert.is(most, bundleLimits.statementChecksMax);
});

/** Nothing is answered but by hand, in the order of the questions. */
const createHeld = () => {
  const asked: string[] = [];
  const late: string[] = [];
  const waiting: ((check: StatementCheck) => void)[] = [];
  const checks = createStatementChecks(
    ({ declared }) => {
      asked.push(/id, (\w+)/.exec(declared)?.[1] ?? '');
      return new Promise((resolve) => waiting.push(resolve));
    },
    (tenantId) => void late.push(tenantId),
  );
  const answer = async (check: StatementCheck): Promise<void> => {
    waiting.shift()?.(check);
    await new Promise<void>((resolve) => setImmediate(resolve));
  };
  return { asked, late, checks, answer };
};
const columns = (count: number) => Array.from({ length: count }, (_, n) => `column_${n}`);

test('nobody waits behind a question that comes to nothing; those that are put go on', async () => {
  const { checks, answer, late } = createHeld();
  const told: string[] = [];
  for (const column of columns(bundleLimits.statementChecksMax + 3)) {
    void checks.check(column, declare(column)).then(({ verdict }) => told.push(`${column} ${verdict}`));
  }
  await answer(unknown);
  assert.equal(told.toSorted(), ['column_0 unknown', 'column_4 unknown', 'column_5 unknown', 'column_6 unknown']);
  await answer(accepted);
  assert.equal([told.at(-1), late], ['column_1 accepted', []]);
});

test('who did not wait is told of the verdict, and does not ask again', async () => {
  const { checks, answer, late, asked } = createHeld();
  const all = columns(bundleLimits.statementChecksMax + 2);
  const [, , , , fifth = '', sixth = ''] = all;
  for (const column of all) void checks.check(column, declare(column));
  await answer(unknown);
  assert.is((await checks.check('globex', declare(fifth))).verdict, 'unknown', 'the question is under way');
  for (const _ of all.slice(1, 4)) await answer(accepted);
  assert.equal(late, []);
  await answer(rejected);
  assert.equal(late, [fifth, 'globex']);
  assert.is((await checks.check(fifth, declare(fifth))).verdict, 'rejected');
  await answer(accepted);
  assert.equal(late, [fifth, 'globex', sixth]);
  assert.equal(asked, all);
});

test('all statements of a tenant are asked about, though nobody waits for the first', async () => {
  const { checks, answer, asked, late } = createHeld();
  const before = columns(bundleLimits.statementChecksMax);
  for (const column of before) void checks.check(column, declare(column));
  const check = checks.check('acme', declare('a', 'b'));
  await answer(unknown);
  assert.equal(await check, { verdict: 'unknown' });
  for (const _ of before) await answer(accepted);
  await answer(rejected);
  assert.equal(asked, [...before, 'a', 'b']);
  assert.equal(late, ['acme', 'acme'], 'either may be the one to blame');
  assert.equal(await checks.check('acme', declare('a', 'b')), {
    verdict: 'rejected',
    path: 'spec.actions[1].lookup.statement',
    sqlState: '42703',
  });
});

test('a rejection that is asked about again holds while nothing is heard', async () => {
  const { checks, says } = createAsked({ a: rejected });
  await checks.check('acme', declare('a'));
  says.a = unknown;
  checks.forgetRejections();
  assert.is((await checks.check('acme', declare('a'))).verdict, 'rejected');
  says.a = accepted;
  assert.is((await checks.check('acme', declare('a'))).verdict, 'accepted');
});

test.run();
