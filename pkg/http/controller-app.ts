/**
 * The controller's admin side: health and metrics. Never secrets, and nothing of any tenant. A plain listener: three fixed answers are not
 * worth the memory of a framework in every pod.
 *
 * livez     the event loop answers, and no decision hangs; never the API server
 * startupz  a whole bundle is there for the handler: its container may start
 * metrics   as on the handler's admin port
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Metrics } from '../telemetry/metrics.ts';

interface ControllerAppOptions {
  readonly metrics: Pick<Metrics, 'scrape'>;
  alive(): boolean;
  started(): boolean;
  /** A page could not be made, for a bug. */
  onError(error: unknown): void;
}

interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

type Route = (request: IncomingMessage) => Page | Promise<Page>;

const json = (status: number, word: string): Page => ({
  status,
  contentType: 'application/json',
  text: JSON.stringify({ status: word }),
});

const health =
  (isGood: () => boolean, otherwise: string): Route =>
  () =>
    isGood() ? json(200, 'ok') : json(503, otherwise);

export const createControllerApp = ({ metrics, alive, started, onError }: ControllerAppOptions): RequestListener => {
  const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
    ['/livez', health(alive, 'a decision hangs')],
    ['/startupz', health(started, 'waiting for the first bundle')],
    [
      '/metrics',
      async ({ headers }) => {
        const { contentType, text } = await metrics.scrape(
          headers.accept?.includes('application/openmetrics-text') ?? false,
        );
        return { status: 200, contentType, text };
      },
    ],
  ]);
  const pageOf = async (request: IncomingMessage): Promise<Page> => {
    const [path = ''] = (request.url ?? '').split('?');
    const route = routes.get(path);
    if (route === undefined) return json(404, 'not found');
    if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, 'method not allowed');
    return route(request);
  };
  const failed = (error: unknown): Page => {
    onError(error);
    return json(500, 'error');
  };
  return (request, response) => void pageOf(request).catch(failed).then(write(response));
};

const write =
  (response: ServerResponse) =>
  ({ status, contentType, text }: Page): void => {
    response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(text) });
    response.end(text);
  };
