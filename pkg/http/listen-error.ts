/** A server that cannot listen where it was told to: which of its two settings is to blame, and for what. */
import { thrownCode } from '../errors/thrown-code.ts';

const aboutPorts: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken',
  EACCES: 'may not be listened on',
};

export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly setting: 'host' | 'port';

  /** @param cause  what Node threw: of hosts EADDRNOTAVAIL, EINVAL, or what DNS says */
  constructor(port: number, cause: unknown) {
    const code = thrownCode(cause) ?? 'unknown';
    const aboutPort = aboutPorts[code];
    const aboutHost = `expected an address of this machine, or a name that leads to one (${code})`;
    super(aboutPort === undefined ? aboutHost : `${port} ${aboutPort}`, { cause });
    this.setting = aboutPort === undefined ? 'host' : 'port';
  }
}
