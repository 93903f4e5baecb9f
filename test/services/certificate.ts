/**
 * A certificate for loopback that is its own authority, made when it is needed: X.509 (RFC 5280) written out in DER, since
 * Node reads certificates and makes none.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownDirectory } from './owned.ts';

export interface Certificate {
  /** PEM file of the authority. */
  readonly caFile: string;
  readonly cert: string;
  readonly key: string;
}

/** Tags of DER. */
const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
  extensions: 0xa3,
  dnsName: 0x82,
  ipAddress: 0x87,
} as const;

const der = (tag: number, ...content: readonly Uint8Array[]): Buffer => {
  const bytes = Buffer.concat(content);
  const { length } = bytes;
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), bytes]);
};

const sequence = (...content: readonly Uint8Array[]): Buffer => der(tags.sequence, ...content);
const oid = (hex: string): Buffer => der(tags.oid, Buffer.from(hex, 'hex'));
const text = (tag: number, value: string): Buffer => der(tag, Buffer.from(value));
const integer = (...bytes: readonly number[]): Buffer => der(tags.integer, Buffer.from(bytes));
const bits = (bytes: Uint8Array): Buffer => der(tags.bitString, Buffer.from([0]), bytes);

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
const commonName = oid('550403');
const basicConstraints = oid('551d13');
const subjectAltName = oid('551d11');

const name = sequence(der(tags.set, sequence(commonName, text(tags.utf8, 'localhost'))));

/** `YYMMDDhhmmssZ` */
const utcTime = (ms: number): Buffer =>
  text(tags.utcTime, `${new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14)}Z`);

const extensions = der(
  tags.extensions,
  sequence(
    sequence(
      basicConstraints,
      der(tags.boolean, Buffer.from([0xff])),
      der(tags.octetString, sequence(der(tags.boolean, Buffer.from([0xff])))),
    ),
    sequence(
      subjectAltName,
      der(
        tags.octetString,
        sequence(
          text(tags.dnsName, 'localhost'),
          der(tags.ipAddress, Buffer.from([127, 0, 0, 1])),
          der(tags.ipAddress, Buffer.concat([Buffer.alloc(15), Buffer.from([1])])),
        ),
      ),
    ),
  ),
);

const dayMs = 86_400_000;

/** For `localhost`, 127.0.0.1 and ::1. */
export const makeCertificate = (): Certificate => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const now = Date.now();
  const toBeSigned = sequence(
    der(tags.version, integer(2)),
    integer(1),
    ecdsaWithSha256,
    name,
    sequence(utcTime(now - dayMs), utcTime(now + dayMs)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions,
  );
  const certificate = sequence(toBeSigned, ecdsaWithSha256, bits(sign('sha256', toBeSigned, privateKey)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  const cert = `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  const caFile = join(ownDirectory('certificate'), 'ca.pem');
  writeFileSync(caFile, cert);
  return { caFile, cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
};
