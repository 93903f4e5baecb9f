/**
 * The least that Node can do: reads a body, verifies its signature and answers with the keys. No parsing but JSON's.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { announce, collectBody, isGenuine, type PeerRequest, peerOptions } from './contract.ts';

const { tenants } = peerOptions();

const server = createServer((request, response) => {
  if (request.method !== 'POST') return void response.writeHead(404).end();
  collectBody(request, (body) => {
    const { input } = JSON.parse(body.toString()) as PeerRequest;
    const tenant = tenants[input.tenant_id];
    const genuine = tenant !== undefined && isGenuine(tenant.secret, body, request.headers);
    const answer = JSON.stringify(genuine ? { output: { customers: [], missing: input.customer_ids } } : {});
    response.writeHead(genuine ? 200 : 401, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(answer),
    });
    response.end(answer);
  });
});
server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port));
