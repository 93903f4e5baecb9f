/** Where a server can be reached from its own machine. */

/** @param host  that it listens on: an address, a name, or all addresses as 0.0.0.0 or :: */
export const localUrl = (host: string, port: number): string => {
  if (host === '0.0.0.0' || host === '::') return `http://127.0.0.1:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
};
