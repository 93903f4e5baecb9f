/**
 * Where a tenant's token endpoint and API are, by discovery at its issuer. What a declaration names goes before that.
 *
 * Both have to be https. The token endpoint, which gets the credentials, has to be on the issuer's own host, below it or
 * beside it (`cxone.example.com` and `auth.example.com`); the API may be anywhere the guard lets through, since NICE's
 * regions have domains of their own. What was found is kept for a while, and longer while it cannot be found again.
 */
import type { Clock } from '../process/clock.ts';
import { cxoneLimits, tenantLimits } from '../process/limits.ts';
import type { Deadline } from '../resilience/deadline.ts';
import { decodeJson, scalar } from '../tenant/codec.ts';
import { open } from '../tenant/codec-containers.ts';
import type { CxoneSettings } from '../tenant/cxone-spec.ts';
import { ExchangeError } from './exchange-error.ts';
import { jsonTextOf } from './json-body.ts';
import type { Outbound } from './outbound.ts';
import { createRemembered } from './remembered.ts';

export interface Endpoints {
  /** @throws ExchangeError */
  token(deadline: Deadline): Promise<URL>;
  /** @param findTenantId  as NICE knows the tenant: asked for only where discovery needs it
   * @throws ExchangeError */
  api(findTenantId: () => string, deadline: Deadline): Promise<URL>;
}

interface EndpointOptions {
  readonly settings: Pick<CxoneSettings, 'issuer' | 'tokenUrl' | 'apiBase'>;
  readonly outbound: Pick<Outbound, 'send'>;
  readonly clock: Clock;
}

const httpsUrl = scalar('an https URL', (value): URL | undefined => {
  if (typeof value !== 'string' || value.length > tenantLimits.urlCharactersMax || !URL.canParse(value))
    return undefined;
  const url = new URL(value);
  return url.protocol === 'https:' && url.username === '' && url.password === '' ? url : undefined;
});

const openidConfiguration = open({ token_endpoint: httpsUrl });
const cxoneConfiguration = open({ api_endpoint: httpsUrl });

/** Of `cxone.example.com`: itself, what is below it, and what shares `example.com` with it; never all of `.com`. */
export const isNear = (issuerHost: string, host: string): boolean => {
  const [, ...parent] = issuerHost.split('.');
  const isSibling = parent.length >= 2 && /[a-z]$/i.test(issuerHost) && host.endsWith(`.${parent.join('.')}`);
  return host === issuerHost || host.endsWith(`.${issuerHost}`) || isSibling;
};

export const createEndpoints = ({ settings, outbound, clock }: EndpointOptions): Endpoints => {
  const issuer = new URL(settings.issuer);
  const below = (path: string): string => issuer.pathname.replace(/\/+$/, '') + path;

  const discover = async <A>(path: string, shape: Parameters<typeof decodeJson<A>>[0], deadline: Deadline) => {
    const headers = { Accept: 'application/json' };
    const request = { method: 'GET', origin: issuer.origin, path: below(path), headers };
    const answer = await outbound.send({ ...request, bytesMax: cxoneLimits.tokenBytesMax }, deadline);
    const found = decodeJson(shape, jsonTextOf(answer) ?? '');
    if (!found.ok) throw new ExchangeError('garbage', { detail: 'discovery' });
    return found.value;
  };

  const tokenEndpoint = createRemembered(clock, async (deadline: Deadline): Promise<URL> => {
    const found = await discover('/.well-known/openid-configuration', openidConfiguration, deadline);
    const url = found.token_endpoint;
    if (!isNear(issuer.hostname, url.hostname)) throw new ExchangeError('garbage', { detail: 'token_endpoint' });
    return url;
  });
  const apiEndpoint = createRemembered(clock, async (deadline: Deadline, tenantId: string): Promise<URL> => {
    const path = `/.well-known/cxone-configuration?tenantId=${encodeURIComponent(tenantId)}`;
    return (await discover(path, cxoneConfiguration, deadline)).api_endpoint;
  });

  return {
    token: async (deadline) =>
      settings.tokenUrl === undefined ? tokenEndpoint(deadline, '') : new URL(settings.tokenUrl),
    api: async (findTenantId, deadline) =>
      settings.apiBase === undefined ? apiEndpoint(deadline, findTenantId()) : new URL(settings.apiBase),
  };
};
