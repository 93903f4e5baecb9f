/**
 * The listener on a real server: it hears what triggers tell, finds its way back from whatever happens to its connection,
 * and says when it may have missed something.
 *
 * also over docker
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Notification } from '../../pkg/postgres/invalidation-channel.ts';
import { createInvalidationListener } from '../../pkg/postgres/invalidation-listener.ts';
import { type Clock, systemClock } from '../../pkg/process/clock.ts';
import { databaseLimits } from '../../pkg/process/limits.ts';
import { customerId, prepareDatabase } from '../services/database.ts';
import { holdBack } from '../services/hold-back.ts';
import { startPostgres } from '../services/postgres.ts';
import { startTcpProxy } from '../services/tcp-proxy.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const { url, sql } = await prepareDatabase(postgres);
const closers: (() => Promise<unknown>)[] = [];
const notify = (payload: string) => sql(`SELECT pg_notify('dataactions_invalidate', $1)`, [payload]);

const heartbeatMsMax = databaseLimits.heartbeatIntervalMs + databaseLimits.connectTimeoutMs;

/** The heartbeat comes every 20 ms instead of 10 s; everything else takes its own time. */
const quick: Clock = {
  ...systemClock,
  after: (ms, fn) => systemClock.after(ms === databaseLimits.heartbeatIntervalMs ? 20 : ms, fn),
};

const open = async (target = url) => {
  const heard = {
    notifications: [] as Notification[],
    /** For how long others have been listening by then. */
    gaps: [] as number[],
    garbage: [] as number[],
    unavailable: [] as string[],
  };
  const listener = createInvalidationListener({
    url: target,
    clock: quick,
    hooks: {
      onNotification: (notification) => void heard.notifications.push(notification),
      onGap: (othersForMs) => void heard.gaps.push(othersForMs),
      onGarbage: () => void heard.garbage.push(heard.notifications.length),
      onUnavailable: (error) => void heard.unavailable.push(error.code),
    },
  });
  closers.push(listener.stop);
  void listener.start();
  void listener.start();
  return { heard, listener };
};

type Heard = Awaited<ReturnType<typeof open>>['heard'];

/** Tells until it is heard: only then does the listener listen. */
const listens = (heard: Heard, word: string) =>
  until(`${word} to be heard`, async () => {
    await notify(`{"tenantId":"${word}"}`);
    assert.ok(heard.notifications.some(({ tenantId }) => tenantId === word));
  });

test('hears the triggers of the sample table', async () => {
  const { heard } = await open();
  await listens(heard, 'first');
  heard.notifications.length = 0;
  await sql(`UPDATE customers SET status = 'blocked' WHERE tenant_id = 'acme' AND id = $1`, [customerId(1)]);
  await until('the notification', async () =>
    assert.ok(heard.notifications.some(({ tenantId }) => tenantId === 'acme')),
  );
  assert.equal(
    heard.notifications.filter(({ tenantId }) => tenantId === 'acme'),
    [{ tenantId: 'acme', keys: [customerId(1)] }],
  );
  await until('the gap', async () => assert.is(heard.gaps.length, 1, 'what came before it listened is one, too'));
  assert.equal([heard.garbage, heard.unavailable], [[], []]);
});

test('what it cannot understand is told as garbage and changes nothing', async () => {
  const { heard, listener } = await open();
  await listens(heard, 'before');
  const before = heard.notifications.filter(({ tenantId }) => tenantId !== 'before').length;
  const garbage = [
    '',
    'x',
    '{}',
    '[]',
    'null',
    '{"tenantId":""}',
    '{"tenantId":1}',
    '{"tenantId":"a","keys":"b"}',
    '{"tenantId":"a","keys":[1]}',
    '{"tenantId":"a","more":1}',
    `{"tenantId":"${'a'.repeat(64)}"}`,
  ];
  for (const payload of garbage) await notify(payload);
  await listens(heard, 'after');
  assert.is(heard.garbage.length, garbage.length);
  assert.is(heard.notifications.filter(({ tenantId }) => !['before', 'after'].includes(tenantId)).length, before);
  await listener.stop();
  assert.is(heard.gaps.length, 1);
});

test('after its backend was terminated it listens again, and tells the gap', async () => {
  const { heard, listener } = await open();
  await listens(heard, 'terminate-1');
  await sql(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'cxone-data-actions listen%'`,
  );
  // On a busy machine a connection may be given up once more.
  await until('the gap', async () => assert.ok(heard.gaps.length > 1));
  assert.ok(heard.unavailable.length > 0);
  await listens(heard, 'terminate-2');
  await listener.stop();
});

test('a connection that hangs is noticed by the heartbeat, given up and made again', async () => {
  const proxy = await startTcpProxy(postgres);
  closers.push(proxy.close);
  const target = new URL(url);
  target.port = String(proxy.port);
  const { heard, listener } = await open(target.href);
  await listens(heard, 'hang-1');
  await until('the gap', async () => assert.is(heard.gaps.length, 1));
  assert.ok(listener.listening());
  await proxy.mode('hang');
  await until('that it is noticed', async () => assert.ok(heard.unavailable.length > 0));
  assert.is(heard.gaps.length, 1);
  assert.not(listener.listening());
  await proxy.mode('forward');
  await until('the gap', async () => assert.is(heard.gaps.length, 2));
  await listens(heard, 'hang-2');
  await until('that it listens', async () => assert.ok(listener.listening()));
  await proxy.mode('hang');
  await listener.stop();
  assert.not(listener.listening());
});

test('it listens from when LISTEN is answered on, and not from when it is sent', async () => {
  const relay = await holdBack(postgres, (chunk) => chunk.includes('LISTEN'));
  closers.push(relay.close);
  const target = new URL(url);
  target.port = String(relay.port);
  const { heard, listener } = await open(target.href);
  await relay.asked;
  assert.not(listener.listening());
  relay.letThrough();
  await until('that it listens', async () => assert.ok(listener.listening()));
  await listens(heard, 'let-through');
  await listener.stop();
});

test('it says for how long another one has been listening to the same database', async () => {
  await sql('CREATE DATABASE another');
  const there = new URL(url);
  there.pathname = '/another';
  const openThere = async () => {
    const { heard, listener } = await open(there.href);
    await until('a gap', async () => assert.is(heard.gaps.length, 1));
    return { listener, othersForMs: heard.gaps[0] ?? -1 };
  };
  const first = await openThere();
  assert.is(first.othersForMs, 0, 'those of other databases hear nothing of this one');
  const [second, third] = [await openThere(), await openThere()];
  assert.ok(second.othersForMs > 0);
  assert.ok(third.othersForMs > second.othersForMs, 'of several the one that is there longest');
  for (const { listener } of [second, third]) await listener.stop();
  await first.listener.stop();
  const last = await openThere();
  assert.is(last.othersForMs, 0);
  await last.listener.stop();
});

for (const [silent, silentMs, counts] of [
  ['was silent for less than a heartbeat may take', 8_000, true],
  ['was silent for longer, as that of a handler that is gone', heartbeatMsMax, false],
] as const) {
  test(`one whose connection ${silent} ${counts ? 'counts' : 'does not'}`, async () => {
    const { heard, listener } = await open();
    await until('a gap', async () => assert.is(heard.gaps.length, 1));
    // What PostgreSQL tells of sessions, as it would when nobody had said anything for so long.
    const schema = `silent_${silentMs}`;
    await sql(`CREATE SCHEMA ${schema}; GRANT USAGE ON SCHEMA ${schema} TO PUBLIC;
      CREATE VIEW ${schema}.pg_stat_activity AS SELECT datname, pid, application_name,
        state_change - interval '${silentMs} ms' AS state_change FROM pg_catalog.pg_stat_activity;
      GRANT SELECT ON ${schema}.pg_stat_activity TO PUBLIC`);
    const later = new URL(url);
    later.searchParams.set('options', `-c search_path=${schema},pg_catalog`);
    const other = await open(later.href);
    await until('a gap', async () => assert.is(other.heard.gaps.length, 1));
    await Promise.all([listener.stop(), other.listener.stop()]);
    assert.is((other.heard.gaps[0] ?? 0) > 0, counts);
  });
}

test('one whose word for Redis is in doubt says nothing to others, and again since when once a heartbeat finds no doubt', async () => {
  await sql('CREATE DATABASE doubted');
  const there = new URL(url);
  there.pathname = '/doubted';
  const { listener, heard } = await open(there.href);
  await until('a gap', async () => assert.is(heard.gaps.length, 1));
  const sinceOf = async () => {
    const names = `SELECT application_name AS name FROM pg_stat_activity WHERE datname = 'doubted' AND application_name LIKE '%listen%'`;
    return Number(/since (\d+)$/.exec(String((await sql(names))[0]?.name))?.[1] ?? 0);
  };
  const first = await sinceOf();
  assert.ok(first > 0);
  await until('silence', async () => {
    listener.doubt();
    assert.is(await sinceOf(), 0);
  });
  await until('its word', async () => assert.ok((await sinceOf()) > first));
  await listener.stop();
});

test('without a server at first, what was read meanwhile is a gap as well', async () => {
  await postgres.stop();
  const { heard, listener } = await open();
  await until('a refusal', async () => assert.ok(heard.unavailable.length > 0));
  await postgres.start();
  await listens(heard, 'late');
  await until('the gap', async () => assert.is(heard.gaps.length, 1));
  await listener.stop();
  await listener.stop();
});

test('a stopped listener hears nothing and holds no connection', async () => {
  await Promise.all(closers.map((close) => close()));
  await until('the connections to end', async () =>
    assert.equal(
      await sql(`SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'cxone-data-actions listen%'`),
      [],
    ),
  );
});

test.after(async () => {
  await Promise.allSettled(closers.map((close) => close()));
});
test.run();
