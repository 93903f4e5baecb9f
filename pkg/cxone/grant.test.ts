/** One attempt at a token: what is sent where, and what is made of the answers. Endpoints and grant together. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import type { BundleCxone } from '../tenant/bundle.ts';
import { isNear } from './endpoints.ts';
import { ExchangeError } from './exchange-error.ts';
import { createGrant } from './grant.ts';
import type { OutboundRequest } from './outbound.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const password: BundleCxone = {
  grant: 'Password',
  issuer: 'https://cxone.example.com/',
  scopes: [],
  requestsPerSecond: 80,
  secrets: {
    clientId: base64('app@cxone'),
    clientSecret: base64('s:é'),
    accessKeyId: base64('KEY+ID/=='),
    accessKeySecret: base64('a&b c=%20=='),
  },
  secretVersion: '1',
};

const clientCredentials: BundleCxone = {
  ...password,
  grant: 'ClientCredentials',
  tokenUrl: 'https://api.example.com/oauth2/token?x=1',
  apiBase: 'https://api-na1.example.com/base/',
  scopes: ['one', 'two'],
};

const idToken = (claims: unknown): string =>
  ['{}', JSON.stringify(claims), 'x'].map((part) => Buffer.from(part).toString('base64url')).join('.');

type Answers = Readonly<Record<string, unknown>>;

const openid = 'https://cxone.example.com/.well-known/openid-configuration';
const configuration = 'https://cxone.example.com/.well-known/cxone-configuration?tenantId=t%2F1';
const tokenUrl = 'https://cxone.example.com/auth/token';
const good: Answers = {
  [openid]: { token_endpoint: tokenUrl, issuer: 'x' },
  [tokenUrl]: { access_token: 'tok', expires_in: 3600, token_type: 'bearer', id_token: idToken({ tenantId: 't/1' }) },
  [configuration]: { api_endpoint: 'https://api-na1.elsewhere.com' },
};

/** Answers by URL; what is not there is a 404. An Error is thrown. */
const setUp = (cxone: BundleCxone, given: Answers) => {
  const clock = createManualClock();
  const requests: OutboundRequest[] = [];
  const state = { answers: given };
  const send = async (request: OutboundRequest) => {
    requests.push(request);
    const answer = state.answers[request.origin + request.path];
    if (answer instanceof Error) throw answer;
    if (answer === undefined) throw new ExchangeError('status', { status: 404 });
    const body = Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer));
    return { status: 200, contentType: 'application/json', body };
  };
  const ask = createGrant({ cxone, outbound: { send }, clock });
  const deadline = createDeadline(clock, 60_000_000);
  return { clock, requests, state, ask: () => ask(deadline) };
};

const failureOf = async (cxone: BundleCxone, answers: Answers): Promise<string> => {
  const error = await setUp(cxone, answers)
    .ask()
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  if (error instanceof ExchangeError) return error.message;
  throw new Error('no ExchangeError', { cause: error });
};

test('Password: form-encoded, the client by Basic authentication, endpoints by discovery', async () => {
  const { requests, ask } = setUp(password, good);
  const granted = await ask();
  assert.equal(
    [granted.token, granted.lifeMs, granted.apiBase.href],
    ['tok', 3_600_000, 'https://api-na1.elsewhere.com/'],
  );
  const [, token] = requests;
  assert.equal(
    requests.map(({ method, origin, path }) => `${method} ${origin}${path}`),
    [`GET ${openid}`, `POST ${tokenUrl}`, `GET ${configuration}`],
  );
  assert.is(token?.body, 'grant_type=password&username=KEY%2BID%2F%3D%3D&password=a%26b+c%3D%2520%3D%3D');
  assert.equal(token?.headers, {
    Accept: 'application/json',
    Authorization: `Basic ${base64('app@cxone:s:é')}`,
    'Content-Type': 'application/x-www-form-urlencoded',
  });
  assert.ok(requests.every(({ headers }) => headers.Accept === 'application/json'));
});

test('Password: what is declared goes before what is discovered', async () => {
  const apart = setUp({ ...password, apiBase: 'https://mine.example.com' }, good);
  assert.is((await apart.ask()).apiBase.href, 'https://mine.example.com/');
  assert.is(apart.requests.length, 2);
  const declared = { tokenUrl: 'https://t.other.com/t', apiBase: 'https://mine.example.com' };
  const all = setUp({ ...password, ...declared }, { 'https://t.other.com/t': { access_token: 'x', expires_in: 1 } });
  assert.is((await all.ask()).token, 'x');
  assert.is(all.requests.length, 1);
});

test('ClientCredentials: JSON to the declared URL, nothing discovered', async () => {
  const { requests, ask } = setUp(clientCredentials, {
    [clientCredentials.tokenUrl ?? '']: { access_token: 'tok', expires_in: '1800' },
  });
  const granted = await ask();
  assert.equal([granted.token, granted.lifeMs, granted.apiBase.href], ['tok', 1_800_000, clientCredentials.apiBase]);
  assert.is(requests.length, 1);
  const [request] = requests;
  assert.equal(JSON.parse(request?.body ?? ''), {
    grant_type: 'client_credentials',
    client_id: 'app@cxone',
    client_secret: 's:é',
    scope: 'one two',
  });
  assert.equal(request?.headers, { Accept: 'application/json', 'Content-Type': 'application/json' });
  const bare = setUp({ ...clientCredentials, scopes: [] }, {});
  await bare.ask().catch(() => {});
  assert.not.match(bare.requests[0]?.body ?? '', 'scope');
});

test('what was discovered is kept for an hour, and for a day while it cannot be found again', async () => {
  const { clock, requests, state, ask } = setUp(password, good);
  const discoveries = () => requests.filter(({ method }) => method === 'GET').length;
  await ask();
  await clock.advance(3_599_999);
  await ask();
  assert.is(discoveries(), 2);
  await clock.advance(1);
  await ask();
  assert.is(discoveries(), 4);
  state.answers = { [tokenUrl]: good[tokenUrl] };
  await clock.advance(86_399_999);
  assert.is((await ask()).token, 'tok');
  await clock.advance(1);
  const error = await ask().catch((thrown: unknown) => thrown);
  assert.is(error instanceof ExchangeError && error.status, 404);
});

const token = (part: object): Answers => ({ ...good, [tokenUrl]: { ...Object(good[tokenUrl]), ...part } });
const garbage: readonly (readonly [what: string, answers: Answers, message: string])[] = [
  ['no discovery', {}, 'status 404'],
  ['discovery that is no JSON', { ...good, [openid]: '<html>' }, 'garbage not JSON'],
  ['discovery without an endpoint', { ...good, [openid]: {} }, 'garbage discovery'],
  [
    'an endpoint without TLS',
    { ...good, [openid]: { token_endpoint: 'http://cxone.example.com/t' } },
    'garbage discovery',
  ],
  [
    'an endpoint with a password',
    { ...good, [openid]: { token_endpoint: 'https://u:p@cxone.example.com/t' } },
    'garbage discovery',
  ],
  ['an endpoint elsewhere', { ...good, [openid]: { token_endpoint: 'https://evil.com/t' } }, 'garbage token_endpoint'],
  ['an API without TLS', { ...good, [configuration]: { api_endpoint: 'http://10.0.0.1' } }, 'garbage discovery'],
  ['an API that is no URL', { ...good, [configuration]: { api_endpoint: 7 } }, 'garbage discovery'],
  ['no id token', token({ id_token: undefined }), 'garbage id_token'],
  ['an id token without a tenant', token({ id_token: idToken({}) }), 'garbage id_token'],
  ['an id token that is none', token({ id_token: 'x' }), 'garbage id_token'],
  ['no token', token({ access_token: undefined }), 'garbage access_token'],
  ['an empty token', token({ access_token: '' }), 'garbage access_token'],
  ['a token that fits no header', token({ access_token: 'a\r\nb' }), 'garbage access_token'],
  ['a token too long', token({ access_token: 'x'.repeat(12 * 1024 + 1) }), 'garbage access_token'],
  ['another type', token({ token_type: 'mac' }), 'garbage token_type'],
  ['no life', token({ expires_in: undefined }), 'garbage expires_in'],
  ['a life of nothing', token({ expires_in: 0 }), 'garbage expires_in'],
  ['a life before now', token({ expires_in: -5 }), 'garbage expires_in'],
  ['a life that is no number', token({ expires_in: 'soon' }), 'garbage expires_in'],
  ['an answer that is a list', { ...good, [tokenUrl]: [] }, 'garbage '],
];
for (const [what, answers, message] of garbage) {
  test(`refused: ${what}`, async () => assert.is(await failureOf(password, answers), message));
}

test('no token is believed to live longer than a day', async () => {
  assert.is((await setUp(password, token({ expires_in: 1e12 })).ask()).lifeMs, 86_400_000);
});

test('near an issuer are its own host, what is below it, and its siblings; never a whole top-level domain', () => {
  const near = ['cxone.example.com', 'auth.cxone.example.com', 'auth.example.com', 'a.b.example.com'];
  const far = ['example.com', 'evil.com', 'xexample.com', 'cxone.example.com.evil.com', 'evilcxone.example.org', ''];
  for (const host of near) assert.ok(isNear('cxone.example.com', host), host);
  for (const host of far) assert.not(isNear('cxone.example.com', host), host);
  assert.ok(isNear('nicecxone-sov1.au', 'auth.nicecxone-sov1.au'));
  assert.not(isNear('nicecxone-sov1.au', 'other.au'));
  assert.not(isNear('127.0.0.1', '9.0.0.1'));
  assert.not(isNear('localhost', 'host'));
});

test.run();
