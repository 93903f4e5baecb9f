/**
 * A TCP proxy that breaks the network on demand, between a client under test and a real server.
 *
 * Modes: `forward` passes bytes on. `refuse` closes the listening socket and leaves what is established alone; the same port
 * comes back. `hang` accepts and swallows all bytes, both ways, established connections included; those that lost some are
 * reset when it ends, since no TCP stream goes on with a hole in it. `reset` resets what is
 * established and whatever comes. `resetMidAnswer` forwards, then resets a connection right after the first bytes of the
 * server's next answer; that connection alone, once.
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../../cmd/dev/free-port.ts';

export type ProxyMode = 'forward' | 'refuse' | 'hang' | 'reset' | 'resetMidAnswer';

export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  /** Resolves when the mode holds. */
  mode(mode: ProxyMode): Promise<void>;
  /** Every chunk, both ways, waits this long; 0 = none. Change it only while no bytes are under way, or they overtake. */
  delayMs(ms: number): void;
  /** Open at this moment. */
  readonly connections: number;
  /** Accepted since the start. */
  readonly accepted: number;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Bytes, or the server's end, were swallowed. */
  lossy: boolean;
}

const answerBytesBeforeReset = 3;

export const startTcpProxy = async (target: { readonly host: string; readonly port: number }): Promise<TcpProxy> => {
  const host = '127.0.0.1';
  const port = await freePort();
  const pairs = new Set<Pair>();
  let mode: ProxyMode = 'forward';
  let delay = 0;
  let accepted = 0;
  let listening: Server | undefined;

  const end = (pair: Pair, how: 'reset' | 'destroy') => {
    if (!pairs.delete(pair)) return;
    if (how === 'reset') pair.client.resetAndDestroy();
    else pair.client.destroy();
    pair.server.destroy();
  };

  const pass = (pair: Pair, from: Socket, to: Socket, chunk: Buffer) => {
    const write = () => {
      if (mode === 'hang') pair.lossy = true;
      if (mode === 'hang' || !to.writable) return;
      if (mode === 'resetMidAnswer' && from === pair.server) {
        mode = 'forward';
        to.write(chunk.subarray(0, answerBytesBeforeReset), () => end(pair, 'reset'));
        from.pause();
        return;
      }
      if (!to.write(chunk)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
    };
    if (delay > 0) setTimeout(write, delay);
    else write();
  };

  const join = (pair: Pair, from: Socket, to: Socket) => {
    from.on('data', (chunk: Buffer) => pass(pair, from, to, chunk));
    // While it hangs, the client does not learn either that the server went away.
    const unlessHanging = (then: () => void) => () => {
      if (mode === 'hang' && from === pair.server) pair.lossy = true;
      else then();
    };
    from.on(
      'end',
      unlessHanging(() => void setTimeout(() => to.end(), delay)),
    );
    from.on(
      'error',
      unlessHanging(() => end(pair, 'destroy')),
    );
    from.on('close', () => from === pair.client && end(pair, 'destroy'));
  };

  const accept = (client: Socket) => {
    accepted += 1;
    if (mode === 'reset') {
      client.on('error', () => {});
      client.resetAndDestroy();
      return;
    }
    const pair = { client, server: connect({ ...target, allowHalfOpen: true }), lossy: false };
    pairs.add(pair);
    for (const socket of [client, pair.server]) socket.setNoDelay(true);
    join(pair, client, pair.server);
    join(pair, pair.server, client);
  };

  const listen = async () => {
    if (listening) return;
    listening = createServer({ allowHalfOpen: true }, accept).listen(port, host);
    await once(listening, 'listening');
  };

  const unlisten = async () => {
    const closing = listening;
    listening = undefined;
    if (!closing) return;
    // Its callback would wait for established connections; the socket itself is closed at once.
    closing.close();
    await new Promise((resolve) => setImmediate(resolve));
  };

  await listen();
  return {
    host,
    port,
    get connections() {
      return pairs.size;
    },
    get accepted() {
      return accepted;
    },
    mode: async (wanted) => {
      mode = wanted;
      for (const pair of pairs) {
        if (wanted === 'reset' || (wanted !== 'hang' && pair.lossy)) end(pair, 'reset');
      }
      await (wanted === 'refuse' ? unlisten() : listen());
    },
    delayMs: (ms) => {
      delay = ms;
    },
    close: async () => {
      for (const pair of pairs) end(pair, 'destroy');
      await unlisten();
    },
  };
};
