/**
 * Ends an answer that came before the end of its request's body.
 *
 * A connection closed while bytes are unread is reset, and the reset can overtake the answer. So the rest of the body is
 * read and thrown away first, within bounds: of bytes, and of silence.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { requestLimits } from '../process/limits.ts';

/** By connection, of which such an answer is the last. Of any other answer nothing is kept: each connection would keep one alive for as long as
 * it is idle, and many of them what the garbage collector has to copy. */
const discarded = new WeakMap<Duplex, IncomingMessage>();

/** Whether what comes on it now is the rest of a body whose request has been answered. */
export const isDiscarding = (socket: Duplex): boolean => discarded.get(socket)?.complete === false;

/** @param response  says Content-Length and `Connection: close`, and has been written to its last byte */
export const endAfterBody = (response: ServerResponse): void => {
  const request = response.req;
  discarded.set(request.socket, request);
  let bytes = 0;
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > requestLimits.discardedBytesMax) finish();
  };
  const finish = () => {
    request.off('data', onData).off('end', finish).off('close', finish);
    response.end();
  };
  request.on('data', onData).on('end', finish).on('close', finish);
  // Without a listener of ours, Node destroys a connection that is silent for so long.
  response.setTimeout(requestLimits.discardSilenceMs);
  request.resume();
};
