/**
 * One request as Studio sends it, read as Studio reads the answer: JSON labelled as a form, 32 KB at most, until the time-out.
 */
import { type Dispatcher, request } from 'undici';
import { thrownCode } from '../../../pkg/errors/thrown-code.ts';
import type { Clock } from '../../../pkg/process/clock.ts';
import { requestLimits } from '../../../pkg/process/limits.ts';
import type { Answer, Outcome } from './outcome.ts';

export interface RequestToSend {
  readonly body: Buffer;
  /** Beside Studio's own, which they replace whatever their case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export type SendRequest = (request: RequestToSend) => Promise<Outcome>;

interface SenderOptions {
  readonly url: URL;
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

/** Source: NICE's documentation of the Studio REST API action. */
const studioHeaders = {
  accept: 'application/json',
  'content-type': 'application/x-www-form-urlencoded',
} as const;

const withStudioHeaders = (headers: Readonly<Record<string, string>>): Record<string, string> => ({
  ...studioHeaders,
  ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
});

type AnswerBody = Dispatcher.ResponseData['body'];

/** @returns the bytes up to one above what the caller takes; leaves the rest unread, which closes the connection */
const readBounded = async (body: AnswerBody): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    const part = Buffer.from(chunk);
    chunks.push(part);
    bytes += part.length;
    if (bytes > requestLimits.answerBytesMax) break;
  }
  return Buffer.concat(chunks).subarray(0, requestLimits.answerBytesMax + 1);
};

const parseJson = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
};

const codeOf = (json: unknown): string | undefined => {
  const code: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, 'code') : undefined;
  return typeof code === 'string' && /^[a-z_]{1,64}$/.test(code) ? code : undefined;
};

/** Seconds only: nothing that answers data actions sends dates. */
const retryAfterMs = (header: string | string[] | undefined): number | undefined =>
  typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : undefined;

const readAnswer = async ({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Answer> => {
  const bytes = await readBounded(body);
  const cut = bytes.length > requestLimits.answerBytesMax;
  const json = cut ? undefined : parseJson(bytes);
  return {
    kind: 'answer',
    status: statusCode,
    bytes: bytes.length,
    cut,
    json,
    code: codeOf(json),
    retryAfterMs: retryAfterMs(headers['retry-after']),
  };
};

const reasonOf = (error: unknown): string => {
  const code = thrownCode(error);
  return code !== undefined && /^[A-Z_]{1,64}$/.test(code) ? code : 'unknown';
};

export const createSender = ({ url, clock, dispatcher, signal }: SenderOptions): SendRequest => {
  const underWay = new Set<AbortController>();
  const giveUp = () => {
    for (const each of underWay) each.abort();
  };
  signal.addEventListener('abort', giveUp, { once: true });

  return async ({ body, headers, timeoutMs }) => {
    if (signal.aborted) return { kind: 'given_up' };
    const own = new AbortController();
    underWay.add(own);
    const timeUp = clock.after(timeoutMs, () => own.abort());
    try {
      const options = { method: 'POST', headers: withStudioHeaders(headers), body, dispatcher } as const;
      return await readAnswer(await request(url, { ...options, signal: own.signal }));
    } catch (error) {
      if (signal.aborted) return { kind: 'given_up' };
      return own.signal.aborted ? { kind: 'timeout' } : { kind: 'network', reason: reasonOf(error) };
    } finally {
      timeUp();
      underWay.delete(own);
    }
  };
};
