/**
 * The handler as a child process.
 */
import { type EntryProcess, hasPort, type OutputOptions, startEntryProcess } from './entry-process.ts';

interface Listening {
  readonly port: number;
  readonly adminPort: number;
}

export interface HandlerProcess extends EntryProcess, Listening {}

const isListening = (message: unknown): message is Listening =>
  hasPort(message, 'port') && hasPort(message, 'adminPort');

/** Resolves when it listens; rejects when it ends before that. */
export const startHandlerProcess = async (
  env: Readonly<Record<string, string>>,
  options: OutputOptions = {},
): Promise<HandlerProcess> => {
  const { listening, ...handler } = await startEntryProcess({ name: 'handler', isListening }, env, options);
  return { ...handler, port: listening.port, adminPort: listening.adminPort };
};
