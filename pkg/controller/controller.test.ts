import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ApiResult, failed, succeeded } from '../kubernetes/api-result.ts';
import type { CallOptions } from '../kubernetes/call.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { leaseTimes } from '../kubernetes/lease.ts';
import type { LeaseClaim } from '../kubernetes/lease-record.ts';
import type { Leases, SeenLease } from '../kubernetes/leases.ts';
import type { ListItem } from '../kubernetes/list-page.ts';
import type { ObjectMeta } from '../kubernetes/object-meta.ts';
import { controllerLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import type { BundleTenant } from '../tenant/bundle.ts';
import { writeBundle } from '../tenant/bundle-directory.ts';
import { readBundle } from '../tenant/read-bundle.ts';
import { createController } from './controller.ts';
import { decide } from './decide.ts';

const meta: ObjectMeta = { namespace: 'ns', name: 'a', uid: 'uid-a', resourceVersion: '1' };
const unreadable: ListItem = {
  meta,
  object: {
    apiVersion: 'dataactions.dev/v1alpha1',
    kind: 'DataActionConfig',
    metadata: { ...meta, generation: 1 },
    spec: { tenantId: 'acme', webhook: 'none' },
  },
};

const createLease = (told: string[]): Leases => {
  let held: SeenLease | undefined;
  const write = (claim: LeaseClaim): ApiResult<SeenLease> => {
    told.push(claim.holder === '' ? 'Lease let go of' : 'Lease claimed');
    const { acquiredAtMs, renewedAtMs, ...fields } = claim;
    const times = { acquireTime: `${acquiredAtMs}`, renewTime: `${renewedAtMs}` };
    held = { record: { ...fields, ...times, resourceVersion: '1' }, metadata: {} };
    return succeeded(held);
  };
  return {
    read: async () => (held ? succeeded(held) : failed('not_found')),
    create: async (_lease, claim) => write(claim),
    replace: async (_seen, claim) => write(claim),
  };
};

/** A controller whose API server has one object, and answers no write of a status until it is given up. */
const open = async (found: readonly BundleTenant[] = []) => {
  const bundleDir = await mkdtemp(join(tmpdir(), 'controller-'));
  const clock = createManualClock();
  await writeBundle(bundleDir, found, clock);
  const told: string[] = [];
  const writeStatus = (_status: unknown, { signal }: CallOptions = {}): Promise<ApiResult<ObjectMeta>> => {
    told.push('status begun');
    const { promise, resolve } = Promise.withResolvers<ApiResult<ObjectMeta>>();
    signal?.addEventListener('abort', () =>
      setImmediate(() => {
        told.push('status ended');
        resolve(failed('stopped'));
      }),
    );
    return promise;
  };
  const client: KubernetesClient = {
    namespace: 'ns',
    listPage: async ({ name }) => succeeded({ resourceVersion: '1', items: name === 'secrets' ? [] : [unreadable] }),
    watch: (_resource, { signal, onOpen }) => {
      onOpen();
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ reason: 'stopped' })));
    },
    applyStatus: writeStatus,
    createEvent: async () => succeeded(meta),
    leases: createLease(told),
    close: async () => {},
  };
  const nothing = () => {};
  const ran = Promise.withResolvers<unknown>();
  const controller = createController({
    client,
    namespace: 'ns',
    secretsWatch: 'all',
    bundleDir,
    // Nobody listens there.
    handlerAdminUrl: 'http://127.0.0.1:9',
    lease: { namespace: 'ns', name: 'leader' },
    times: leaseTimes(),
    identity: 'me',
    clock,
    hooks: {
      watch: {},
      status: {},
      report: {},
      election: {},
      onConnected: nothing,
      onRun: ran.resolve,
      onBundle: nothing,
    },
  });
  await controller.start();
  await clock.advance(controllerLimits.mergeMs);
  await ran.promise;
  await clock.advance(0);
  const close = () => rm(bundleDir, { recursive: true });
  return { clock, controller, told, bundleDir, close };
};

test('no write of a status goes on when the Lease is let go of', async () => {
  const { clock, controller, told, close } = await open();
  const stopped = controller.stop();
  await clock.advance(controllerLimits.stopMs);
  await stopped;
  assert.equal(told, ['Lease claimed', 'status begun', 'status ended', 'Lease let go of']);
  await close();
});

test('a tenant of the bundle that is found stays, though its object cannot be read any more', async () => {
  const secrets = new Map([['ns/s', { version: '1', data: new Map([['key', Buffer.from('sixteen bytes!!!')]]) }]]);
  const spec = { tenantId: 'acme', webhook: { secretRefs: [{ name: 's', key: 'key' }] } };
  const { tenants } = decide({ configs: [{ ...unreadable.object, spec }], secrets }, []);
  const { controller, bundleDir, close } = await open(tenants);
  assert.equal(
    (await readBundle(bundleDir)).tenants.map(({ tenantId, revision }) => [tenantId, revision]),
    tenants.map(({ revision }) => ['acme', revision]),
  );
  await controller.stop();
  await close();
});

test.run();
