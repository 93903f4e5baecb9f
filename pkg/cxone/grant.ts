/**
 * One attempt at a token: find the endpoints, ask, read the answer. Both of NICE's grants.
 *
 * Password            form-encoded, the client by Basic authentication, the access key as user and password
 * ClientCredentials   JSON with everything in the body
 */
import type { Clock } from '../process/clock.ts';
import { cxoneLimits } from '../process/limits.ts';
import type { Deadline } from '../resilience/deadline.ts';
import type { BundleCxone } from '../tenant/bundle.ts';
import { decode, decodeJson, scalar } from '../tenant/codec.ts';
import { open } from '../tenant/codec-containers.ts';
import { text } from '../tenant/codec-scalars.ts';
import { createEndpoints } from './endpoints.ts';
import { ExchangeError } from './exchange-error.ts';
import { jsonTextOf } from './json-body.ts';
import type { Outbound } from './outbound.ts';

export interface Granted {
  readonly token: string;
  readonly lifeMs: number;
  readonly apiBase: URL;
}

/** @throws ExchangeError */
export type AskForToken = (deadline: Deadline) => Promise<Granted>;

interface GrantOptions {
  readonly cxone: BundleCxone;
  readonly outbound: Pick<Outbound, 'send'>;
  readonly clock: Clock;
}

/** Anything else could not be sent as a header. */
const bearerToken = text({ min: 1, max: cxoneLimits.tokenCharactersMax, pattern: /^[\x21-\x7e]+$/ });

/** Seconds, as a number or as its digits; no token is believed to live longer than a day. */
const lifeSeconds = scalar('seconds', (value): number | undefined => {
  const seconds = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  const isLife = typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 1;
  return isLife ? Math.min(seconds, cxoneLimits.tokenLifeSecondsMax) : undefined;
});

const bearer = scalar('Bearer', (value) => (/^bearer$/i.test(String(value)) ? 'Bearer' : undefined));

const tokenAnswer = open(
  { access_token: bearerToken, expires_in: lifeSeconds },
  { id_token: bearerToken, token_type: bearer },
);

const idClaims = open({ tenantId: text({ min: 1, max: 128 }) });

/** The tenant as its id token names it. The token came from the issuer over TLS, so its signature is not looked at. */
const tenantIdOf = (idToken: string | undefined): string => {
  const [, claims = ''] = (idToken ?? '').split('.');
  const read = decodeJson(idClaims, Buffer.from(claims, 'base64url').toString('utf8'));
  if (!read.ok) throw new ExchangeError('garbage', { detail: 'id_token' });
  return read.value.tenantId;
};

const bytesOf = (base64: string | undefined): Buffer => Buffer.from(base64 ?? '', 'base64');

const textOf = (base64: string | undefined): string => bytesOf(base64).toString('utf8');

interface TokenRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const passwordRequest = ({ secrets }: BundleCxone): TokenRequest => {
  const client = Buffer.concat([bytesOf(secrets.clientId), Buffer.from(':'), bytesOf(secrets.clientSecret)]);
  const form = new URLSearchParams({
    grant_type: 'password',
    username: textOf(secrets.accessKeyId),
    password: textOf(secrets.accessKeySecret),
  });
  return {
    headers: {
      Authorization: `Basic ${client.toString('base64')}`,
      'Content-Type': 'application/x-www-form-urlencoded',
    },
    body: form.toString(),
  };
};

const clientCredentialsRequest = ({ secrets, scopes }: BundleCxone): TokenRequest => ({
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({
    grant_type: 'client_credentials',
    client_id: textOf(secrets.clientId),
    client_secret: textOf(secrets.clientSecret),
    ...(scopes.length > 0 ? { scope: scopes.join(' ') } : {}),
  }),
});

export const createGrant = ({ cxone, outbound, clock }: GrantOptions): AskForToken => {
  const endpoints = createEndpoints({ settings: cxone, outbound, clock });
  const { headers, body } = cxone.grant === 'Password' ? passwordRequest(cxone) : clientCredentialsRequest(cxone);

  return async (deadline) => {
    const url = await endpoints.token(deadline);
    const answer = await outbound.send(
      {
        method: 'POST',
        origin: url.origin,
        path: url.pathname + url.search,
        headers: { Accept: 'application/json', ...headers },
        body,
        bytesMax: cxoneLimits.tokenBytesMax,
      },
      deadline,
    );
    const read = decode(tokenAnswer, JSON.parse(jsonTextOf(answer) ?? 'null'));
    if (!read.ok) throw new ExchangeError('garbage', { detail: read.problems.map(({ path }) => path).join() });
    const { access_token: token, expires_in: seconds, id_token: idToken } = read.value;
    const apiBase = await endpoints.api(() => tenantIdOf(idToken), deadline);
    return { token, lifeMs: seconds * 1_000, apiBase };
  };
};
