/**
 * Whether the caller has ended the connection of its request: closed, reset, or only its own side of it, which nobody can tell from closed. Who
 * waits for an answer keeps it open, so it counts as left, as with other servers. What the service itself ended does not count.
 */
import type { IncomingMessage } from 'node:http';

export const hasLeft = ({ socket }: IncomingMessage): boolean => socket.readableEnded || socket.errored !== null;
