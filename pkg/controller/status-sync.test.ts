import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ApiFailureReason, type ApiResult, failed, succeeded } from '../kubernetes/api-result.ts';
import type { EventAbout } from '../kubernetes/event-writer.ts';
import type { ObjectMeta } from '../kubernetes/object-meta.ts';
import type { StatusOf } from '../kubernetes/status-writer.ts';
import { controllerLimits, kubernetesLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import type { TenantReport } from '../tenant/report.ts';
import type { Standing } from './conditions.ts';
import { decide } from './decide.ts';
import { createEventLimits } from './event-limits.ts';
import { readStatus } from './status.ts';
import { createStatusSync } from './status-sync.ts';
import { type WatchedConfig, watchConfig } from './watched-config.ts';

const object = (generation: number): object => ({
  apiVersion: 'dataactions.dev/v1alpha1',
  kind: 'DataActionConfig',
  metadata: { name: 'a', namespace: 'ns', uid: 'u', generation },
  spec: { tenantId: 'acme', webhook: { secretRefs: [{ name: 's', key: 'current' }] } },
});
const secrets = new Map([['ns/s', { version: '1', data: new Map([['current', Buffer.from('sixteen bytes!!!')]]) }]]);

/** An API server with one object, whose watch shows what was written only when the test lets it. */
const start = () => {
  const clock = createManualClock();
  const world = {
    version: 1,
    generation: 1,
    leading: true,
    exists: true,
    fail: undefined as ApiFailureReason | undefined,
    failure: {},
    onWrite: (): void => {},
  };
  let shown: WatchedConfig | undefined;
  let stored: object | undefined;
  let report: TenantReport | undefined;
  const statuses: StatusOf[] = [];
  const events: EventAbout[] = [];
  const meta = (): ObjectMeta => ({ name: 'a', namespace: 'ns', uid: 'u', resourceVersion: String(world.version) });
  const show = (): void => {
    shown = world.exists ? watchConfig({ ...object(world.generation), status: stored }, meta(), shown) : undefined;
  };
  show();
  /** Somebody else writes its status. */
  const edit = (change: (conditions: readonly object[]) => readonly object[]): void => {
    stored = { ...stored, conditions: change(readStatus(stored)?.conditions ?? []) };
    world.version += 1;
    show();
  };
  const answer = (done: () => void): ApiResult<ObjectMeta> => {
    if (world.fail !== undefined) return failed(world.fail, world.failure);
    done();
    return succeeded(meta());
  };
  const sync = createStatusSync({
    client: {
      applyStatus: async (status) => {
        if (status.resourceVersion !== String(world.version)) return failed('conflict');
        return answer(() => {
          statuses.push(status);
          stored = status.status;
          world.version += 1;
          world.onWrite();
        });
      },
      createEvent: async (event) => answer(() => void events.push(event)),
    },
    clock,
    identity: 'me',
    leading: () => world.leading,
    config: () => shown,
    standing: (): Standing | undefined => {
      const { verdicts, tenants } = decide({ configs: [object(world.generation)], secrets }, []);
      const [verdict] = verdicts;
      return verdict && { verdict, tenant: tenants[0], report };
    },
    limits: createEventLimits(clock),
  });
  const serve = (more: Partial<TenantReport> = {}): void => {
    const { tenants } = decide({ configs: [object(world.generation)], secrets }, []);
    const revision = tenants[0]?.revision ?? '';
    report = { tenantId: 'acme', revision, state: 'Applied', serving: true, reason: 'Applied', message: '', ...more };
  };
  const look = async (ms = 0): Promise<void> => {
    sync.add('ns/a');
    await clock.advance(ms);
  };
  return { clock, world, statuses, events, sync, show, edit, serve, look };
};

const versionsOf = (statuses: readonly StatusOf[]) => statuses.map(({ resourceVersion }) => resourceVersion);

test('what is new is written once, with an Event, also before the watch shows it', async () => {
  const { statuses, events, sync, show, serve, look } = start();
  serve();
  await look();
  await look();
  show();
  await look();
  assert.is(statuses.length, 1);
  assert.equal(
    events.map(({ reason, instance, regarding }) => [reason, instance, regarding.name]),
    [['Applied', 'me', 'a']],
  );
  assert.is(statuses[0]?.fieldManager, 'cxone-data-actions');
  await sync.stop();
});

test('each write is over the version before it, also where the watch does not show that yet', async () => {
  const { statuses, sync, serve, look } = start();
  serve();
  await look();
  serve({ state: 'Refused', reason: 'StatementRejected', message: 'spec.x: no' });
  await look();
  assert.equal(versionsOf(statuses), ['1', '2']);
  await sync.stop();
});

test('what others made of the status is put right, over their version', async () => {
  const { statuses, sync, edit, serve, look } = start();
  serve();
  await look();
  edit((conditions) => conditions.map((condition) => ({ ...condition, reason: 'Reviewed' })));
  await look();
  assert.equal(versionsOf(statuses), ['1', '3']);
  assert.equal(statuses[1]?.status, statuses[0]?.status);
  await sync.stop();
});

test('a condition of somebody else is left to them', async () => {
  const { statuses, events, sync, edit, serve, look } = start();
  serve();
  await look();
  const reviewed = { type: 'Reviewed', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z', reason: 'Ok' };
  edit((conditions) => [reviewed, ...conditions]);
  await look(60_000);
  assert.equal([statuses.length, events.length], [1, 1]);
  await sync.stop();
});

test('a lack of an answer is written only after a while', async () => {
  const { clock, statuses, sync, serve, look } = start();
  await look(controllerLimits.statusPatienceMs - 1);
  assert.is(statuses.length, 0);
  serve();
  await look();
  assert.is(readStatus(statuses[0]?.status)?.conditions.at(-1)?.reason, 'Applied');
  await clock.advance(60_000);
  assert.is(statuses.length, 1);
  await sync.stop();

  const mute = start();
  await mute.look(controllerLimits.statusPatienceMs);
  assert.is(readStatus(mute.statuses[0]?.status)?.conditions.at(-1)?.reason, 'WaitingForHandler');
  await mute.sync.stop();
});

test('only the leader writes', async () => {
  const { world, statuses, events, sync, serve, look } = start();
  serve();
  world.leading = false;
  await look(60_000);
  assert.equal([statuses.length, events.length], [0, 0]);
  world.leading = true;
  await look();
  assert.equal([statuses.length, events.length], [1, 1]);
  await sync.stop();
});

test('who leads no more by the time a status is written tells no Event of it', async () => {
  const { world, statuses, events, sync, serve, look } = start();
  serve();
  world.onWrite = () => {
    world.leading = false;
  };
  await look();
  assert.equal([statuses.length, events.length], [1, 0]);
  await sync.stop();
});

test('a new leader waits for an answer anew', async () => {
  const { world, statuses, sync, look } = start();
  await look(controllerLimits.statusPatienceMs / 2);
  world.leading = false;
  await look(controllerLimits.statusPatienceMs);
  world.leading = true;
  await look(controllerLimits.statusPatienceMs - 1);
  assert.is(statuses.length, 0);
  await look(1);
  assert.is(statuses.length, 1);
  await sync.stop();
});

for (const reason of ['conflict', 'server_error', 'unreachable', 'forbidden'] as const) {
  test(`a write that fails (${reason}) is repeated by itself`, async () => {
    const { clock, world, statuses, sync, serve, look } = start();
    serve();
    world.fail = reason;
    await look();
    world.fail = undefined;
    await clock.advance(kubernetesLimits.queueBackoffMaxMs);
    assert.is(statuses.length, 1);
    await sync.stop();
  });
}

test('an object that is gone is left alone', async () => {
  const { clock, world, statuses, sync, show, serve, look } = start();
  serve();
  world.fail = 'not_found';
  await look();
  world.fail = undefined;
  await clock.advance(kubernetesLimits.queueBackoffMaxMs);
  world.exists = false;
  show();
  await look(60_000);
  assert.is(statuses.length, 0);
  assert.is(clock.pending(), 0);
  await sync.stop();
});

test('an API server that asks for time is given it', async () => {
  const { clock, world, statuses, serve, look } = start();
  serve();
  Object.assign(world, { fail: 'throttled', failure: { retryAfterMs: 1_000 } });
  await look();
  world.fail = undefined;
  await look(999);
  assert.is(statuses.length, 0);
  await clock.advance(1);
  assert.is(statuses.length, 1);
});

test('another writer who never agrees is answered a while at once, and then now and then', async () => {
  const { clock, statuses, edit, serve, look } = start();
  serve();
  const { statusesBurst, statusesEveryMs } = controllerLimits;
  for (let times = 0; times < 2 * statusesBurst; times += 1) {
    edit((conditions) => conditions.map((condition) => ({ ...condition, reason: 'Other' })));
    await look(1);
  }
  assert.is(statuses.length, statusesBurst);
  await clock.advance(statusesEveryMs);
  assert.is(statuses.length, statusesBurst + 1);
});

test.run();
