/**
 * Reads a request's raw bytes within a bound, counted as they arrive, whatever Content-Length says.
 */
import type { IncomingMessage } from 'node:http';
import { AppError } from '../errors/app-error.ts';
import type { Deadline } from '../resilience/deadline.ts';

/** What may carry JSON. The caller labels JSON as a form unless its script says otherwise. */
const jsonCarriers = /^(?:application\/(?:json|x-www-form-urlencoded|[\w.!#$&^-]{1,64}\+json)|text\/plain)\s*(?:;|$)/i;

/** @throws unsupported_media_type | body_too_large, before a byte is read */
export const checkBodyHeaders = (request: IncomingMessage, bytesMax: number): void => {
  const { 'content-type': type, 'content-encoding': encoding = 'identity', 'content-length': length } = request.headers;
  if (type && !jsonCarriers.test(type.trim())) throw new AppError('unsupported_media_type');
  if (encoding.toLowerCase() !== 'identity') throw new AppError('unsupported_media_type');
  if (length !== undefined && Number(length) > bytesMax) throw new AppError('body_too_large');
};

/** The caller went away before its body was complete: nobody is left to answer. */
export class AbortedRequestError extends Error {
  override readonly name = 'AbortedRequestError';
}

export interface BodyHooks {
  /** As they come. What it throws refuses the body. */
  onBytes?(bytes: number): void;
  /** Called only where there is something to wait for. @returns the body's own deadline */
  onWait(refuse: (error: unknown) => void): Deadline;
}

/** @throws body_too_large | deadline_exceeded (a slow body) | AbortedRequestError; what the hooks refuse it with */
export const readBody = (request: IncomingMessage, bytesMax: number, hooks: BodyHooks): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let deadline: Deadline | undefined;
    let settled = false;
    const finish = (settle: () => void) => {
      settled = true;
      deadline?.close();
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      settle();
    };
    const refuse = (error: unknown) => {
      if (settled) return;
      finish(() => {
        request.pause();
        reject(error);
      });
    };
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      try {
        if (bytes > bytesMax) throw new AppError('body_too_large');
        hooks.onBytes?.(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        refuse(error);
      }
    };
    const onEnd = () =>
      finish(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, bytes)));
    const onClose = () => finish(() => reject(new AbortedRequestError('closed before its end')));
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
    // Nearly every body arrives with its headers, and is here in the next tick, though its end is told later: nothing to wait for, no timer.
    process.nextTick(() => {
      if (settled || request.complete || bytes === Number(request.headers['content-length'])) return;
      const waited = hooks.onWait(refuse);
      // Refused already, it has nothing to wait for.
      if (settled) return waited.close();
      deadline = waited;
      deadline.onExpire(refuse);
    });
  });
