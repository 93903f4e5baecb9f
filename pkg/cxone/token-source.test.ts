import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AppError, isAppError } from '../errors/app-error.ts';
import { createManualClock, type ManualClock } from '../process/manual-clock.ts';
import { createDeadline, type Deadline } from '../resilience/deadline.ts';
import { ExchangeError } from './exchange-error.ts';
import type { Granted } from './grant.ts';
import { createTokenSource, type Session, type TokenSource } from './token-source.ts';

const apiBase = new URL('https://api.example.com');
const hour = 3_600_000;

type Ask = (n: number, deadline: Deadline) => Promise<Granted>;

const setUp = (answer: Ask = async (n) => ({ token: `t${n}`, lifeMs: hour, apiBase })) => {
  const clock = createManualClock();
  const refreshes: (string | undefined)[] = [];
  const state = { asked: 0, answer };
  const tokens = createTokenSource({
    ask: (deadline) => {
      state.asked += 1;
      return state.answer(state.asked, deadline);
    },
    clock,
    random: () => 0.5,
    onRefresh: (error) => void refreshes.push(error?.code),
  });
  return { clock, tokens, state, refreshes };
};

const within = (clock: ManualClock, ms = 5_000): Deadline => createDeadline(clock, ms);

/** Moves time on until it has settled. @returns the token, or the error */
const sessionOf = async (
  clock: ManualClock,
  tokens: TokenSource,
  ms?: number,
  steps = 1,
): Promise<string | AppError> => {
  const deadline = within(clock, ms);
  const session = tokens.session(deadline).then(
    ({ token }) => token,
    (error: unknown) => {
      if (isAppError(error)) return error;
      throw error;
    },
  );
  for (let step = 0; step < steps; step += 1) await clock.advance(step === 0 ? 0 : 100);
  deadline.close();
  return session;
};

const codeOf = (outcome: string | AppError): string => (typeof outcome === 'string' ? outcome : outcome.code);

const status = (code: number, retryAfterMs?: number) => new ExchangeError('status', { status: code, retryAfterMs });

test('many callers are one request, and its token is kept', async () => {
  const { clock, tokens, state } = setUp();
  const deadline = within(clock);
  const sessions = await Promise.all(Array.from({ length: 50 }, () => tokens.session(deadline)));
  assert.equal([...new Set(sessions.map(({ token }) => token))], ['t1']);
  assert.is(sessions[0]?.apiBase, apiBase);
  await clock.advance(hour - 121_000);
  assert.is(await sessionOf(clock, tokens), 't1');
  assert.is(state.asked, 1);
});

test('what is held is good now: nothing before the first, at the end, and after a refusal', async () => {
  const { clock, tokens } = setUp();
  assert.is(tokens.held(), undefined);
  await sessionOf(clock, tokens);
  await clock.advance(hour - 1);
  assert.is(tokens.held()?.token, 't1');
  await clock.advance(1);
  assert.is(tokens.held(), undefined);
  const session = await tokens.session(within(clock));
  assert.is(tokens.held(), session);
  tokens.refuse(session);
  assert.is(tokens.held(), undefined);
});

test('a refresh runs beside the callers first; from a minute before the end they wait for it', async () => {
  const { clock, tokens, state } = setUp();
  await sessionOf(clock, tokens);
  const next = Promise.withResolvers<Granted>();
  state.answer = () => next.promise;
  await clock.advance(hour - 120_000);
  assert.is(await sessionOf(clock, tokens), 't1');
  assert.is(await sessionOf(clock, tokens), 't1');
  assert.is(state.asked, 2);
  next.resolve({ token: 'new', lifeMs: hour, apiBase });
  await clock.advance(0);
  assert.is(await sessionOf(clock, tokens), 'new');

  const { clock: other, tokens: idle } = setUp();
  await sessionOf(other, idle);
  await other.advance(hour - 60_001);
  assert.is(await sessionOf(other, idle), 't1');
  const { clock: third, tokens: late } = setUp();
  await sessionOf(third, late);
  await third.advance(hour - 60_000);
  assert.is(await sessionOf(third, late), 't2');
});

test('a refresh that fails while the old token lives goes on with it, to its end and no longer', async () => {
  const { clock, tokens, state, refreshes } = setUp();
  await sessionOf(clock, tokens);
  state.answer = () => Promise.reject(status(401));
  await clock.advance(hour - 30_000);
  assert.is(await sessionOf(clock, tokens), 't1');
  await clock.advance(29_999);
  assert.is(await sessionOf(clock, tokens), 't1');
  await clock.advance(1);
  assert.is(codeOf(await sessionOf(clock, tokens)), 'cxone_failed');
  assert.is(refreshes[0], undefined);
  assert.ok(refreshes.slice(1).every((code) => code === 'cxone_failed'));
});

test('a refresh that is slow while the old token lives takes no more than half of the time there is', async () => {
  const { clock, tokens, state } = setUp();
  await sessionOf(clock, tokens);
  state.answer = () => new Promise(() => {});
  await clock.advance(hour - 30_000);
  const deadline = within(clock, 1_000);
  let token: string | undefined;
  void tokens.session(deadline).then((session) => {
    token = session.token;
  });
  await clock.advance(499);
  assert.is(token, undefined);
  await clock.advance(1);
  assert.is(token, 't1');
  deadline.close();
});

test('a token that lives shortly has margins in proportion', async () => {
  const { clock, tokens, state } = setUp(async (n) => ({ token: `t${n}`, lifeMs: 40_000, apiBase }));
  await sessionOf(clock, tokens);
  await clock.advance(19_999);
  assert.is(await sessionOf(clock, tokens), 't1');
  assert.is(state.asked, 1);
  await clock.advance(10_001);
  assert.is(await sessionOf(clock, tokens), 't2');
});

test('429 with Retry-After is waited for, without it with a growing wait', async () => {
  const { clock, tokens, state } = setUp(async (n) => {
    if (n === 1) throw status(429, 300);
    if (n === 2) throw status(429);
    return { token: `t${n}`, lifeMs: hour, apiBase };
  });
  const session = tokens.session(within(clock));
  await clock.advance(299);
  assert.is(state.asked, 1);
  await clock.advance(1);
  assert.is(state.asked, 2);
  // Half of the way from 100 ms to the ceiling of 200 ms.
  await clock.advance(149);
  assert.is(state.asked, 2);
  await clock.advance(1);
  assert.is((await session).token, 't3');
});

test('a Retry-After that no refresh could wait for ends it at once, with that wait', async () => {
  const { clock, tokens, state } = setUp(() => Promise.reject(status(429, 20_000)));
  const refused = await sessionOf(clock, tokens);
  assert.is(codeOf(refused), 'cxone_unavailable');
  assert.is(typeof refused !== 'string' && refused.retryAfterMs, 20_000);
  await clock.advance(5_000);
  const again = await sessionOf(clock, tokens);
  assert.is(typeof again !== 'string' && again.retryAfterMs, 15_000);
  assert.is(state.asked, 1, 'nobody asks again meanwhile');
  await clock.advance(15_000);
  state.answer = async () => ({ token: 'back', lifeMs: hour, apiBase });
  assert.is(await sessionOf(clock, tokens), 'back');
});

test('5xx and broken connections are tried four times, then left alone for a growing while', async () => {
  for (const error of [status(500), status(503), new ExchangeError('connect'), new ExchangeError('network')]) {
    const { clock, tokens, state, refreshes } = setUp(() => Promise.reject(error));
    const refused = await sessionOf(clock, tokens, 5_000, 10);
    assert.is(codeOf(refused), 'cxone_unavailable');
    assert.is(state.asked, 4);
    assert.equal(refreshes, ['cxone_unavailable']);
    assert.is(codeOf(await sessionOf(clock, tokens)), 'cxone_unavailable');
    assert.is(state.asked, 4);
  }
});

test('refused credentials are tried once, and seldom after that', async () => {
  const { clock, tokens, state } = setUp(() => Promise.reject(status(401)));
  for (let second = 0; second < 600; second += 1) {
    assert.is(codeOf(await sessionOf(clock, tokens)), 'cxone_failed');
    await clock.advance(1_000);
  }
  assert.ok(state.asked > 20 && state.asked < 50, `${state.asked} in ten minutes`);
});

test('each caller leaves at its own deadline; the refresh goes on and has one of its own', async () => {
  let signal: Deadline | undefined;
  const { clock, tokens, state, refreshes } = setUp((_, deadline) => {
    signal = deadline;
    return deadline.race(new Promise<Granted>(() => {})).catch(() => Promise.reject(new ExchangeError('timeout')));
  });
  const hasty = tokens.session(within(clock, 100)).catch((error: unknown) => error);
  const patient = tokens.session(within(clock, 60_000)).catch((error: unknown) => error);
  await clock.advance(100);
  assert.ok(isAppError(await hasty, 'deadline_exceeded'));
  assert.is(signal?.expired(), false);
  await clock.advance(9_900);
  assert.ok(isAppError(await patient, 'cxone_unavailable'));
  assert.equal(refreshes, ['cxone_unavailable']);
  assert.is(state.asked, 1);
});

test('a refused token is replaced once, however many callers were refused with it', async () => {
  const { clock, tokens, state } = setUp();
  const session = await tokens.session(within(clock));
  for (let caller = 0; caller < 20; caller += 1) assert.ok(tokens.refuse(session));
  const next = await Promise.all(Array.from({ length: 20 }, () => tokens.session(within(clock))));
  assert.equal([...new Set(next.map(({ token }) => token))], ['t2']);
  assert.ok(tokens.refuse(session), 'late, and already answered');
  assert.is((await tokens.session(within(clock))).token, 't2');
  assert.is(state.asked, 2);
});

test('an API that refuses every token costs few of them', async () => {
  const { clock, tokens, state } = setUp();
  const refuseNext = async (): Promise<boolean> => {
    const session: Session = await tokens.session(within(clock));
    return tokens.refuse(session);
  };
  const outcomes: boolean[] = [];
  for (let call = 0; call < 20; call += 1) outcomes.push(await refuseNext());
  assert.equal(outcomes.filter((each) => each).length, 5);
  assert.is(state.asked, 6);
  await clock.advance(10_000);
  assert.ok(await refuseNext());
});

test('no timer is left behind', async () => {
  const { clock, tokens } = setUp();
  await sessionOf(clock, tokens);
  assert.is(clock.pending(), 0);
});

test.run();
