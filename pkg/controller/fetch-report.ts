/**
 * One GET of the handler's report, or of whether it is ready, bounded in time and bytes. Never rejects.
 */
import { Agent, request } from 'undici';
import { type Parsed, parsed, refused } from '../errors/problem.ts';
import type { Clock } from '../process/clock.ts';
import { controllerLimits } from '../process/limits.ts';
import { type ConfigReport, decodeReport } from '../tenant/report.ts';

export interface Heard {
  /** To be asked for what is new after it; undefined when the handler names none. */
  readonly version: string | undefined;
  /** Left out: nothing is new since then. */
  readonly report?: ConfigReport;
}

export interface ReportClient {
  /** @param since  a version that was heard before, for what changed after it */
  fetch(since: string | undefined, signal: AbortSignal): Promise<Parsed<Heard>>;
  /** Whether callers are sent to the handler. */
  ready(signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

const noAnswer = refused([{ path: '', expected: 'an answer with status 200 in time' }]);

/** @param adminUrl  of the handler, without a path */
export const createReportClient = (adminUrl: string, clock: Clock): ReportClient => {
  const agent = new Agent({ connections: 1, connect: { timeout: controllerLimits.reportTimeoutMs } });
  const [url, readyUrl] = [new URL('/config', adminUrl), new URL('/readyz', adminUrl)];

  const read = async (since: string | undefined, signal: AbortSignal): Promise<Parsed<Heard>> => {
    const asked = since === undefined ? {} : { query: { since }, headers: { 'If-None-Match': `"${since}"` } };
    const { statusCode, headers, body } = await request(url, { dispatcher: agent, signal, ...asked });
    if (statusCode === 304 && since !== undefined) {
      await body.dump();
      return parsed({ version: since });
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body) {
      const part = Buffer.from(chunk);
      bytes += part.length;
      // Leaving the loop destroys the body.
      if (bytes > controllerLimits.reportBytesMax) return refused([{ path: '', expected: 'a shorter report' }]);
      chunks.push(part);
    }
    if (statusCode !== 200) return noAnswer;
    const report = decodeReport(Buffer.concat(chunks).toString('utf8'));
    if (!report.ok) return report;
    if (report.value.since !== undefined && report.value.since !== since)
      return refused([{ path: 'since', expected: 'what was asked for' }]);
    return parsed({ version: versionOf(headers.etag), report: report.value });
  };

  const bounded = async <T>(
    signal: AbortSignal,
    ask: (signal: AbortSignal) => Promise<T>,
    otherwise: T,
  ): Promise<T> => {
    const own = new AbortController();
    const abort = () => own.abort();
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    const cancel = clock.after(controllerLimits.reportTimeoutMs, abort);
    try {
      return await ask(own.signal);
    } catch {
      return otherwise;
    } finally {
      cancel();
      signal.removeEventListener('abort', abort);
    }
  };

  const isReady = async (signal: AbortSignal): Promise<boolean> => {
    const { statusCode, body } = await request(readyUrl, { dispatcher: agent, signal });
    await body.dump();
    return statusCode === 200;
  };

  return {
    fetch: (since, signal) => bounded(signal, (own) => read(since, own), noAnswer),
    ready: (signal) => bounded(signal, isReady, false),
    close: () => agent.destroy(),
  };
};

const versionOf = (etag: unknown): string | undefined =>
  typeof etag === 'string' ? /^"([\w-]{1,128})"$/.exec(etag)?.[1] : undefined;
