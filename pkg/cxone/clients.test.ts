import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAppError } from '../errors/app-error.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import type { BundleCxone } from '../tenant/bundle.ts';
import type { ApiClient } from './api-client.ts';
import { createCxoneClients } from './clients.ts';
import { ExchangeError } from './exchange-error.ts';

const cxone = (part: Partial<BundleCxone> = {}): BundleCxone => ({
  grant: 'ClientCredentials',
  issuer: 'https://issuer.example.com',
  tokenUrl: 'https://api.example.com/token',
  apiBase: 'https://api.example.com',
  scopes: [],
  requestsPerSecond: 80,
  secrets: { clientId: 'aWQ=', clientSecret: 'c2VjcmV0' },
  secretVersion: '1',
  ...part,
});

const setUp = () => {
  const clock = createManualClock();
  const state = { tokens: 0, fails: false, stopped: 0 };
  const breakers: string[] = [];
  const refreshes: string[] = [];
  const keys: string[] = [];
  const clients = createCxoneClients({
    openOutbound: () => ({
      stop: async () => {
        state.stopped += 1;
      },
      send: async ({ path }) => {
        if (path !== '/token' && state.fails) throw new ExchangeError('status', { status: 500 });
        if (path === '/token') state.tokens += 1;
        const body = path === '/token' ? { access_token: 't', expires_in: 3_600 } : {};
        return { status: 200, contentType: 'application/json', body: Buffer.from(JSON.stringify(body)) };
      },
    }),
    clock,
    random: () => 0,
    podsMax: 1,
    sharedBucket: {
      take: async ({ key, wanted }) => {
        keys.push(key);
        return { granted: wanted, waitMs: 0 };
      },
    },
    hooks: {
      onBreaker: (tenantId, is, worst) => void breakers.push(`${tenantId} ${is} ${worst}`),
      onTokenRefresh: (tenantId, error) => void refreshes.push(`${tenantId} ${error?.code ?? 'fine'}`),
    },
  });
  const call = async (client: ApiClient): Promise<string> => {
    const deadline = createDeadline(clock, 5_000);
    const ended = client.call({ method: 'POST', path: '/p', body: '{}' }, deadline).then(
      () => 'answered',
      (error: unknown) => (isAppError(error) ? error.code : 'bug'),
    );
    await clock.advance(0);
    deadline.close();
    return ended;
  };
  const breakAll = async (client: ApiClient): Promise<void> => {
    state.fails = true;
    for (let n = 0; n < 5; n += 1) await call(client);
    state.fails = false;
  };
  return { clock, clients, state, breakers, refreshes, keys, call, breakAll };
};

test('the same settings and secrets are the same client, and its token', async () => {
  const { clients, state, call, refreshes, keys } = setUp();
  const client = clients.clientFor('acme', cxone());
  clients.adopt('acme', client);
  assert.is(clients.clientFor('acme', cxone()), client);
  await call(client);
  await call(clients.clientFor('acme', cxone()));
  assert.is(state.tokens, 1);
  assert.equal(refreshes, ['acme fine']);
  assert.equal([...new Set(keys)], ['dac:{acme}:cxone-rate']);
});

test('another secret, host, scope or rate is another client; another tenant too', () => {
  const { clients } = setUp();
  const first = clients.clientFor('acme', cxone());
  clients.adopt('acme', first);
  const others = [
    cxone({ secrets: { clientId: 'aWQ=', clientSecret: 'b3RoZXI=' } }),
    cxone({ apiBase: 'https://other.example.com' }),
    cxone({ scopes: ['a'] }),
    cxone({ requestsPerSecond: 81 }),
  ].map((each) => clients.clientFor('acme', each));
  const all = [first, ...others, clients.clientFor('globex', cxone())];
  assert.is(new Set(all).size, all.length);
});

test('what was compiled and not yet taken over leaves the live one alone', () => {
  const { clients } = setUp();
  const live = clients.clientFor('acme', cxone());
  clients.adopt('acme', live);
  const next = clients.clientFor('acme', cxone({ requestsPerSecond: 1 }));
  assert.is(clients.clientFor('acme', cxone()), live, 'taken back');
  assert.is(clients.clientFor('acme', cxone({ requestsPerSecond: 1 })), next);
  const newer = clients.clientFor('acme', cxone({ requestsPerSecond: 2 }));
  assert.is.not(clients.clientFor('acme', cxone({ requestsPerSecond: 1 })), next, 'only the newest waits');
  assert.is(clients.clientFor('acme', cxone()), live);
  assert.is.not(newer, next);
});

test('the worst of all breakers is told, and those that go take theirs along', async () => {
  const { clock, clients, breakers, call, breakAll } = setUp();
  const acme = clients.clientFor('acme', cxone());
  const globex = clients.clientFor('globex', cxone());
  clients.adopt('acme', acme);
  clients.adopt('globex', globex);
  await breakAll(acme);
  assert.is(await call(globex), 'answered');
  await clock.advance(5_000);
  await breakAll(globex);
  await clock.advance(5_000);
  assert.equal(breakers.splice(0), ['acme open open', 'globex open open', 'acme half-open open']);
  assert.is(await call(acme), 'answered');
  assert.equal(breakers.splice(0), ['acme closed open']);
  clients.remove('globex');
  assert.equal(breakers.splice(0), ['globex closed closed']);
  assert.is(clock.pending(), 0);
});

test('a client that was replaced or removed leaves no timer, and what is under way finishes on it', async () => {
  const { clock, clients, breakers, call, breakAll } = setUp();
  const old = clients.clientFor('acme', cxone());
  clients.adopt('acme', old);
  await breakAll(old);
  const next = clients.clientFor('acme', cxone({ requestsPerSecond: 1 }));
  clients.adopt('acme', next);
  assert.is(clock.pending(), 0);
  assert.is(breakers.at(-1), 'acme closed closed');
  assert.is(await call(old), 'cxone_unavailable');
  assert.is(await call(next), 'answered');
  clients.remove('acme');
  assert.is(await call(next), 'answered');
  clients.remove('acme');
});

test('a tenant that is not served for now keeps its newest client', () => {
  const { clients } = setUp();
  const client = clients.clientFor('acme', cxone());
  clients.adopt('acme', client);
  clients.park('acme');
  assert.is(clients.clientFor('acme', cxone()), client);
  clients.adopt('acme', client);
  const newer = clients.clientFor('acme', cxone({ requestsPerSecond: 1 }));
  clients.park('acme');
  assert.is(clients.clientFor('acme', cxone({ requestsPerSecond: 1 })), newer);
  clients.remove('acme');
  assert.is.not(clients.clientFor('acme', cxone()), client);
  clients.park('nobody');
});

test('stop ends the connections of all', async () => {
  const { clients, state } = setUp();
  clients.adopt('acme', clients.clientFor('acme', cxone()));
  clients.clientFor('acme', cxone({ requestsPerSecond: 1 }));
  clients.clientFor('globex', cxone());
  await clients.stop();
  assert.is(state.stopped, 3);
});

test.run();
