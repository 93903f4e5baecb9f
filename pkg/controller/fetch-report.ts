/**
 * One GET of the handler's report, bounded in time and bytes. Never rejects.
 */
import { Agent, request } from 'undici';
import { type Parsed, refused } from '../errors/problem.ts';
import type { Clock } from '../process/clock.ts';
import { controllerLimits } from '../process/limits.ts';
import { type ConfigReport, decodeReport } from '../tenant/report.ts';

export interface ReportClient {
  /** The same object for as long as the handler says the same. */
  fetch(signal: AbortSignal): Promise<Parsed<ConfigReport>>;
  close(): Promise<void>;
}

const noAnswer = refused([{ path: '', expected: 'an answer with status 200 in time' }]);

/** @param adminUrl  of the handler, without a path */
export const createReportClient = (adminUrl: string, clock: Clock): ReportClient => {
  const agent = new Agent({ connections: 1, connect: { timeout: controllerLimits.reportTimeoutMs } });
  const url = new URL('/config', adminUrl);

  let last: { readonly etag: string; readonly report: Parsed<ConfigReport> } | undefined;

  const read = async (signal: AbortSignal): Promise<Parsed<ConfigReport>> => {
    const known = last === undefined ? {} : { 'If-None-Match': last.etag };
    const { statusCode, headers, body } = await request(url, { dispatcher: agent, signal, headers: known });
    if (statusCode === 304 && last !== undefined) {
      await body.dump();
      return last.report;
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
    last = report.ok && typeof headers.etag === 'string' ? { etag: headers.etag, report } : undefined;
    return report;
  };

  return {
    fetch: async (signal) => {
      const own = new AbortController();
      const abort = () => own.abort();
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
      const cancel = clock.after(controllerLimits.reportTimeoutMs, abort);
      try {
        return await read(own.signal);
      } catch {
        return noAnswer;
      } finally {
        cancel();
        signal.removeEventListener('abort', abort);
      }
    },
    close: () => agent.destroy(),
  };
};
