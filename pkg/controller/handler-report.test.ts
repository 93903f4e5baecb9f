import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Parsed, parsed, refused } from '../errors/problem.ts';
import { controllerLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import type { ConfigReport, TenantReport } from '../tenant/report.ts';
import { createHandlerReport } from './handler-report.ts';

const { reportIntervalMs, reportRetryMaxMs, reportWaitingMs, handlerSilentMs, handlerUnreadyMs } = controllerLimits;
const [r1, r2] = ['1'.repeat(16), '2'.repeat(16)];

const tenant = (tenantId: string, more: Partial<TenantReport> = {}): TenantReport => ({
  tenantId,
  revision: r1,
  state: 'Applied',
  serving: true,
  reason: 'Applied',
  message: '',
  ...more,
});
const report = (revision: string, ...tenants: readonly TenantReport[]): Parsed<ConfigReport> =>
  parsed({ schema: 1, revision, appliedAt: '2026-01-01T00:00:00Z', tenants });
const down = refused([]);

const start = (first: Parsed<ConfigReport>) => {
  const clock = createManualClock();
  const seen = { asked: 0, since: undefined as string | undefined, told: [] as string[][], reachable: [] as boolean[] };
  let answer = first;
  let ready = true;
  const reports = createHandlerReport({
    client: {
      fetch: async (since) => {
        seen.asked += 1;
        seen.since = since;
        return answer.ok ? parsed({ version: `v${seen.asked}`, report: answer.value }) : answer;
      },
      ready: async () => ready,
      close: async () => {},
    },
    clock,
    random: () => 0.999,
    hooks: {
      onTenants: (tenantIds) => void seen.told.push([...tenantIds].sort()),
      onReachable: (is) => void seen.reachable.push(is),
    },
  });
  reports.start();
  return {
    clock,
    reports,
    seen,
    answerWith: (next: Parsed<ConfigReport>) => {
      answer = next;
    },
    readyIs: (is: boolean) => {
      ready = is;
    },
  };
};

test('it tells of tenants of which the handler says something else, and asks now and then', async () => {
  const { clock, reports, seen, answerWith } = start(report(r1, tenant('a'), tenant('b')));
  await clock.advance(0);
  assert.equal(seen.told, [['a', 'b']]);
  answerWith(report(r1, tenant('a'), tenant('b', { state: 'Refused', reason: 'StatementRejected' }), tenant('c')));
  await clock.advance(reportIntervalMs);
  assert.equal([seen.asked, seen.told.at(-1)], [2, ['b', 'c']]);
  answerWith(report(r1, tenant('b', { state: 'Refused', reason: 'StatementRejected' })));
  await clock.advance(reportIntervalMs);
  assert.equal(seen.told.at(-1), ['a', 'c']);
  assert.is(reports.tenant('a'), undefined);
  await reports.stop();
});

test('it asks for what changed after what it heard, and for everything again after a silence', async () => {
  const { clock, reports, seen, answerWith } = start(report(r1, tenant('a'), tenant('b')));
  await clock.advance(0);
  assert.is(seen.since, undefined);
  const news = { schema: 1, revision: r1, appliedAt: '2026-01-01T00:00:00Z', since: 'v1' } as const;
  answerWith(parsed({ ...news, tenants: [tenant('c', { state: 'Waiting' })], removed: ['a', 'never'] }));
  await clock.advance(reportIntervalMs);
  assert.equal([seen.since, seen.told.at(-1)], ['v1', ['a', 'c']]);
  assert.equal(
    ['a', 'b', 'c'].map((name) => reports.tenant(name)?.state),
    [undefined, 'Applied', 'Waiting'],
  );
  answerWith(down);
  await clock.advance(reportWaitingMs + handlerSilentMs + reportRetryMaxMs);
  assert.equal([seen.told.at(-1), reports.tenant('b')], [['b', 'c'], undefined]);
  await clock.advance(reportRetryMaxMs);
  assert.is(seen.since, undefined);
  await reports.stop();
});

test('after a bundle it asks at once, and again until the handler has it', async () => {
  const { clock, reports, seen, answerWith } = start(report(r1));
  await clock.advance(0);
  reports.expect(r2);
  await clock.advance(0);
  assert.is(seen.asked, 2);
  await clock.advance(3 * reportRetryMaxMs);
  const asked = seen.asked;
  assert.ok(asked > 4);
  answerWith(report(r2));
  await clock.advance(reportRetryMaxMs);
  const settled = seen.asked;
  await clock.advance(reportIntervalMs - 2 * reportRetryMaxMs);
  assert.is(seen.asked, settled);
  await reports.stop();
});

test('it asks more often while a tenant waits', async () => {
  const { clock, reports, seen } = start(report(r1, tenant('a', { state: 'Waiting', reason: 'WaitingForDatabase' })));
  await clock.advance(0);
  await clock.advance(reportWaitingMs);
  assert.is(seen.asked, 2);
  await reports.stop();
});

test('a handler that is silent is believed for as long as a restart takes, and then no more', async () => {
  const { clock, reports, seen, answerWith } = start(report(r1, tenant('a')));
  await clock.advance(0);
  answerWith(down);
  await clock.advance(reportIntervalMs - 1);
  assert.ok(reports.tenant('a'));
  // Its first failure, long after its last word.
  await clock.advance(1);
  assert.ok(reports.tenant('a'), 'one failure is no silence');
  await clock.advance(handlerSilentMs + reportRetryMaxMs);
  assert.is(reports.tenant('a'), undefined);
  assert.equal(seen.told, [['a'], ['a']]);
  answerWith(report(r1, tenant('a')));
  await clock.advance(reportRetryMaxMs);
  assert.ok(reports.tenant('a'));
  assert.equal(seen.reachable, [true, false, true]);
  await reports.stop();
  assert.is(clock.pending(), 0);
});

test('a handler speaks for others from when it is ready until it has not been so for a while', async () => {
  const { clock, reports, answerWith, readyIs } = start(down);
  await clock.advance(0);
  assert.not(reports.fit(), 'it never answered');
  readyIs(false);
  answerWith(report(r1, tenant('a')));
  await clock.advance(reportRetryMaxMs);
  assert.not(reports.fit(), 'it never was ready');
  readyIs(true);
  await clock.advance(reportWaitingMs);
  assert.ok(reports.fit());
  readyIs(false);
  await clock.advance(reportIntervalMs);
  assert.ok(reports.fit(), 'it was a moment ago');
  await clock.advance(handlerUnreadyMs);
  assert.not(reports.fit());
  assert.ok(reports.tenant('a'));
  readyIs(true);
  await clock.advance(reportWaitingMs);
  assert.ok(reports.fit());
  answerWith(down);
  await clock.advance(reportIntervalMs + handlerUnreadyMs);
  assert.equal([reports.fit(), reports.tenant('a')?.state], [false, 'Applied']);
  await reports.stop();
});

test.run();
