/**
 * Which addresses a tenant's CXone API may have: those of the public internet. A tenant's configuration must not turn the
 * pod into a proxy to itself, to the cluster or to a cloud's metadata service. Pure; asked about the address that is
 * really connected to (guarded-connect.ts), never about a name.
 *
 * Sources: the IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890 and its successors).
 */
import { parseAddress } from './ip-address.ts';

type Block = readonly [prefix: string, bits: number];

const refusedIpv4: readonly Block[] = [
  ['0.0.0.0', 8], // this host, this network
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // shared by carriers, and by some clouds' metadata and pod networks
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // Azure's host agent: looks public and is not
  ['169.254.0.0', 16], // link-local, metadata services
  ['172.16.0.0', 12],
  ['192.0.0.0', 24], // protocol assignments
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16],
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 3], // multicast, reserved, broadcast
];

/** Of IPv6 only this is public at all: no loopback, no ::/96, no unique-local, no link-local, no multicast. */
const publicIpv6: Block = ['2000::', 3];

const refusedIpv6: readonly Block[] = [
  ['2001::', 23], // protocol assignments, Teredo among them
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4: an IPv4 address inside
  ['3fff::', 20], // documentation
];

/** What stands for the IPv4 address in its last four bytes. */
const carriers: readonly Block[] = [
  ['::ffff:0:0', 96], // mapped
  ['64:ff9b::', 96], // NAT64
];

interface BlockBytes {
  readonly bytes: readonly number[];
  readonly bits: number;
}

const compile = ([prefix, bits]: Block): BlockBytes => ({ bytes: parseAddress(prefix) ?? [], bits });

const contains = ({ bytes, bits }: BlockBytes, address: readonly number[]): boolean =>
  bytes.length === address.length &&
  bytes.every((byte, at) => {
    const checked = Math.min(8, Math.max(0, bits - at * 8));
    const mask = (0xff << (8 - checked)) & 0xff;
    return (byte & mask) === ((address[at] ?? 0) & mask);
  });

const rules = {
  ipv4: refusedIpv4.map(compile),
  ipv6: refusedIpv6.map(compile),
  carriers: carriers.map(compile),
  public: compile(publicIpv6),
};

const isPublicIpv4 = (address: readonly number[]): boolean => !rules.ipv4.some((block) => contains(block, address));

/** @param text  an IP address as resolved or as written in a URL, without brackets; anything else is not public */
export const isPublicAddress = (text: string): boolean => {
  const address = parseAddress(text);
  if (address === undefined) return false;
  if (address.length === 4) return isPublicIpv4(address);
  if (rules.carriers.some((block) => contains(block, address))) return isPublicIpv4(address.slice(12));
  return contains(rules.public, address) && !rules.ipv6.some((block) => contains(block, address));
};
