/**
 * What the peers have in common: how they are told their tenants and where they listen, the parsing of a request and its signature.
 *
 * A peer speaks the service's contract for well-formed requests alone. It has no limits, no breaker, no live configuration.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

export interface PeerTenant {
  readonly secret: string;
  readonly audit: 'EveryRequest' | 'DatabaseReads';
  readonly ttlSeconds: number;
}

/** Arrives as JSON in `PEER_OPTIONS`. */
export interface PeerOptions {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly tenants: Readonly<Record<string, PeerTenant>>;
}

export interface PeerRequest {
  readonly action: string;
  readonly input: { readonly tenant_id: string; readonly customer_ids: readonly string[]; readonly status?: string };
  readonly context?: Readonly<Record<string, string>>;
}

export const peerOptions = (): PeerOptions => JSON.parse(process.env.PEER_OPTIONS ?? '{}') as PeerOptions;

/** Calls `onBody` with the whole of it. */
export const collectBody = (request: IncomingMessage, onBody: (body: Buffer) => void): void => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => onBody(Buffer.concat(chunks)));
};

/** Compared in constant time. */
export const isGenuine = (secret: string, body: Buffer, headers: IncomingHttpHeaders): boolean => {
  const given = Buffer.from(String(headers['x-cxone-signature'] ?? ''), 'hex');
  const expected = createHmac('sha256', secret).update(body).digest();
  return given.length === expected.length && timingSafeEqual(given, expected);
};

/** Tells the bench where the peer listens. */
export const announce = (port: number): void => void process.send?.({ port });
