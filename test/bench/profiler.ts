/**
 * V8's CPU profiler in another process, over its inspector: only the time between `start` and `stop` counts.
 */
import { once } from 'node:events';
import { request, WebSocket } from 'undici';

export interface Profiler {
  start(): Promise<void>;
  /** @returns the profile as JSON text */
  stop(): Promise<string>;
}

const samplingIntervalUs = 200;

interface InspectorAnswer {
  readonly id?: number;
  readonly result?: { readonly profile?: unknown };
}

/** @param port  of the process's `--inspect` */
export const connectProfiler = async (port: number): Promise<Profiler> => {
  const list = await request(`http://127.0.0.1:${port}/json/list`);
  const [target] = (await list.body.json()) as readonly { readonly webSocketDebuggerUrl: string }[];
  if (!target) throw new Error('the process offers no inspector');
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await once(socket, 'open');
  let sent = 0;
  const call = (method: string, params: object = {}): Promise<InspectorAnswer> => {
    sent += 1;
    const id = sent;
    const answered = new Promise<InspectorAnswer>((resolve) => {
      const onMessage = ({ data }: { readonly data: unknown }): void => {
        const answer = JSON.parse(String(data)) as InspectorAnswer;
        if (answer.id !== id) return;
        socket.removeEventListener('message', onMessage);
        resolve(answer);
      };
      socket.addEventListener('message', onMessage);
    });
    socket.send(JSON.stringify({ id, method, params }));
    return answered;
  };
  await call('Profiler.enable');
  await call('Profiler.setSamplingInterval', { interval: samplingIntervalUs });
  return {
    start: async () => void (await call('Profiler.start')),
    stop: async () => {
      const { result } = await call('Profiler.stop');
      socket.close();
      return JSON.stringify(result?.profile);
    },
  };
};
