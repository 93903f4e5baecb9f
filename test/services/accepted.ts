/**
 * Preloaded into a server's process: leaves in the file ACCEPTED_FILE, at the end, how many connections it has taken in.
 * What the kernel had taken in for it is not among them.
 */
import { subscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';

let accepted = 0;

subscribe('net.server.socket', () => {
  accepted += 1;
});

process.on('exit', () => {
  if (process.env.ACCEPTED_FILE) writeFileSync(process.env.ACCEPTED_FILE, String(accepted));
});
