/**
 * A relay in front of a server that keeps back what a test chooses, until it lets it through. The bytes stay in their order.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

export interface HoldBack {
  readonly port: number;
  /** Resolves when the first chunk is kept back. */
  readonly asked: Promise<void>;
  letThrough(): void;
  close(): Promise<void>;
}

/** @param isHeld  of each chunk that a client sends, whether it and what comes behind it wait */
export const holdBack = async (
  target: { readonly host: string; readonly port: number },
  isHeld: (chunk: Buffer) => boolean,
): Promise<HoldBack> => {
  const [asked, letThrough] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const relay = createServer((client) => {
    const server = connect(target.port, target.host);
    server.pipe(client);
    client.on('data', async (chunk: Buffer) => {
      if (isHeld(chunk)) {
        asked.resolve();
        client.pause();
        await letThrough.promise;
        client.resume();
      }
      server.write(chunk);
    });
    client.on('close', () => server.destroy());
    for (const socket of [client, server]) socket.on('error', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    port: (relay.address() as AddressInfo).port,
    asked: asked.promise,
    letThrough: letThrough.resolve,
    close: async () => void relay.close(),
  };
};
