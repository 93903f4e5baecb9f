/**
 * A certificate authority of one test: certificates for servers and for clients, made by openssl, good for two days.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface KeyPair {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS 8. */
  readonly key: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface CertificateAuthority extends KeyPair {
  /** For a server at 127.0.0.1 and localhost. */
  forServer(): KeyPair;
  /** For a client that Kubernetes takes for `user`, a member of `groups`. */
  forClient(user: string, groups: readonly string[]): KeyPair;
}

const days = '2';
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

const openssl = (args: readonly string[]): void => {
  const { status, stderr, error } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr}`, { cause: error });
};

/** A name in a subject: `/` and `+` would begin another part. */
const quoted = (name: string): string => name.replace(/[\\/+]/g, '\\$&');

/** @param folder  where its files are kept */
export const createCertificateAuthority = (folder: string): CertificateAuthority => {
  let made = 0;
  const pairAt = (name: string) => ({
    certificateFile: join(folder, `${name}.crt`),
    keyFile: join(folder, `${name}.key`),
  });
  const read = ({ certificateFile, keyFile }: ReturnType<typeof pairAt>): KeyPair => ({
    certificate: readFileSync(certificateFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
    certificateFile,
    keyFile,
  });

  const ca = pairAt('ca');
  openssl([
    'req',
    '-x509',
    ...newKey,
    '-days',
    days,
    '-subj',
    '/CN=test',
    '-keyout',
    ca.keyFile,
    '-out',
    ca.certificateFile,
  ]);

  const sign = (subject: string, extensions: string): KeyPair => {
    made += 1;
    const pair = pairAt(`signed-${made}`);
    const request = join(folder, 'request.csr');
    const extensionFile = join(folder, 'request.ext');
    writeFileSync(extensionFile, extensions);
    openssl(['req', '-new', ...newKey, '-subj', subject, '-keyout', pair.keyFile, '-out', request]);
    const by = ['-CA', ca.certificateFile, '-CAkey', ca.keyFile, '-set_serial', String(made)];
    openssl([
      'x509',
      '-req',
      '-in',
      request,
      ...by,
      '-days',
      days,
      '-extfile',
      extensionFile,
      '-out',
      pair.certificateFile,
    ]);
    return read(pair);
  };

  return {
    ...read(ca),
    forServer: () => sign('/CN=localhost', 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n'),
    forClient: (user, groups) =>
      sign(
        [...groups.map((group) => `/O=${quoted(group)}`), `/CN=${quoted(user)}`].join(''),
        'extendedKeyUsage=clientAuth\n',
      ),
  };
};
