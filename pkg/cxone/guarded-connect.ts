/**
 * How connections to CXone hosts are made: over TLS and HTTP/1.1, and only to addresses that the guard lets pass.
 *
 * The addresses are judged as they were resolved for this very connection, so that a name which resolves differently a
 * moment later (DNS rebinding) gains nothing; a URL that holds an address is judged before anything is sent, since no name
 * is resolved then. Of several addresses all have to pass. HTTP/2 fails at NICE's token endpoint, so it is not offered.
 */
import { isIP, type LookupFunction } from 'node:net';
import { createSecureContext, getCACertificates } from 'node:tls';
import { buildConnector } from 'undici';
import { cxoneLimits } from '../process/limits.ts';
import { isPublicAddress } from './address-guard.ts';
import { ExchangeError } from './exchange-error.ts';

export interface ConnectOptions {
  /** For tests: a fake CXone listens on loopback. */
  readonly allowPrivateAddresses: boolean;
  /** PEM of an authority to trust besides the public ones. */
  readonly ca?: string | undefined;
  /** `dns.lookup`, or a test's. */
  readonly lookup: LookupFunction;
}

/** Refuses what it resolves to if any of it may not be called. */
const guardLookup =
  (lookup: LookupFunction, isAllowed: (address: string) => boolean): LookupFunction =>
  (hostname, options, callback) =>
    lookup(hostname, options, (error, address, family) => {
      const found = typeof address === 'string' ? [address] : (address ?? []).map((each) => each.address);
      if (error || found.every(isAllowed)) callback(error, address, family);
      else callback(new ExchangeError('address_refused'), '', 0);
    });

export const createGuardedConnect = (options: ConnectOptions): buildConnector.connector => {
  const isAllowed = (address: string): boolean => options.allowPrivateAddresses || isPublicAddress(address);
  const connect = buildConnector({
    allowH2: false,
    timeout: cxoneLimits.connectTimeoutMs,
    lookup: guardLookup(options.lookup, isAllowed),
    ...(options.ca === undefined ? {} : { secureContext: trusting(options.ca) }),
  });
  return (target, callback) => {
    const hostname = target.hostname.replace(/^\[|\]$/g, '');
    const isRefused = target.protocol !== 'https:' || (isIP(hostname) !== 0 && !isAllowed(hostname));
    if (isRefused) {
      // Not before this returns: undici does not expect an answer while it asks.
      queueMicrotask(() => callback(new ExchangeError('address_refused'), null));
      return;
    }
    connect(target, (error, socket) => {
      if (error) callback(asConnectError(error), null);
      else callback(null, socket);
    });
  };
};

/** Once for all connections: reading a hundred and more certificates takes milliseconds. */
const trusting = (ca: string) => createSecureContext({ ca: [...getCACertificates('default'), ca] });

const asConnectError = (cause: Error): ExchangeError =>
  cause instanceof ExchangeError ? cause : new ExchangeError('connect', { cause });
