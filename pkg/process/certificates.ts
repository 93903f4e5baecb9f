/**
 * PEM files of authorities to trust. TLS passes over a text without a certificate in silence, and trusts nobody then: so it is looked at here.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

export const hasCertificate = (pem: string): boolean => {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
};

/** @returns undefined for a file that cannot be read, or has no certificate */
export const readCertificates = (file: string): string | undefined => {
  try {
    const pem = readFileSync(file, 'utf8');
    return hasCertificate(pem) ? pem : undefined;
  } catch {
    return undefined;
  }
};
