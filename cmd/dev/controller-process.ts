/**
 * The controller as a child process.
 */
import { type EntryProcess, hasPort, type OutputOptions, startEntryProcess } from './entry-process.ts';

interface Listening {
  readonly adminPort: number;
}

export interface ControllerProcess extends EntryProcess, Listening {}

const isListening = (message: unknown): message is Listening => hasPort(message, 'adminPort');

/** Resolves when it is at work; rejects when it ends before that. */
export const startControllerProcess = async (
  env: Readonly<Record<string, string>>,
  options: OutputOptions = {},
): Promise<ControllerProcess> => {
  const { listening, ...controller } = await startEntryProcess({ name: 'controller', isListening }, env, options);
  return { ...controller, adminPort: listening.adminPort };
};
