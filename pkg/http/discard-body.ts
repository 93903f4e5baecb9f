/**
 * Ends an answer that came before the end of its request's body.
 *
 * A connection closed while bytes are unread is reset, and the reset can overtake the answer. So the rest of the body is
 * read and thrown away first, within bounds: of bytes, and of silence.
 */
import type { ServerResponse } from 'node:http';
import { requestLimits } from '../process/limits.ts';

/** @param response  says Content-Length and `Connection: close`, and has been written to its last byte */
export const endAfterBody = (response: ServerResponse): void => {
  const request = response.req;
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
