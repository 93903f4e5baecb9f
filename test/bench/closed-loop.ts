/**
 * A closed loop: callers that each wait for their answer before they ask again. wrk does it, since a client in JavaScript costs
 * more than the server it measures.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import { requestBytes } from './lean-client.ts';
import type { RequestMaker, SignedRequest } from './request-maker.ts';

export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 200. */
  readonly failed: number;
}

export interface ClosedLoop {
  readonly url: string;
  readonly callers: number;
  readonly seconds: number;
  /** Requests that `prepare` has written. */
  readonly file: string;
  /** Sends them over and over. */
  readonly repeats?: boolean;
}

const script = new URL('wrk.lua', import.meta.url).pathname;

const bytesOf = (request: SignedRequest): Buffer => {
  const bytes = requestBytes(request);
  return Buffer.concat([Buffer.from(`${bytes.length}\n`), bytes]);
};

/** Writes requests to send, ahead of the time that counts. */
export const prepare = async (file: string, maker: RequestMaker, requests: number): Promise<void> => {
  const stream = createWriteStream(file);
  for (let left = requests; left > 0; left -= 1_000) {
    const some = Array.from({ length: Math.min(left, 1_000) }, () => bytesOf(maker.next()));
    if (!stream.write(Buffer.concat(some))) await once(stream, 'drain');
  }
  stream.end();
  await finished(stream);
};

interface WrkResult {
  readonly requests: number;
  readonly durationUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly notOk: number;
  readonly broken: number;
}

export const runClosedLoop = async ({ url, callers, seconds, file, repeats }: ClosedLoop): Promise<LoadResult> => {
  const args = [
    '-t1',
    `-c${callers}`,
    `-d${seconds}s`,
    '--timeout',
    '10s',
    '-s',
    script,
    url,
    '--',
    file,
    repeats ? 'repeat' : 'once',
  ];
  const { stdout } = await promisify(execFile)('wrk', args);
  const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as WrkResult;
  return {
    requests: result.requests,
    requestsPerSecond: (result.requests / result.durationUs) * 1e6,
    p50Ms: result.p50Us / 1_000,
    p99Ms: result.p99Us / 1_000,
    failed: result.notOk + result.broken,
  };
};
