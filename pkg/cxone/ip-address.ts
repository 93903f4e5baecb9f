/**
 * An IP address as its bytes, so that every way of writing it is the same: compressed, mapped, with a zone.
 */
import { isIPv4, isIPv6 } from 'node:net';

/** @returns 4 or 16 bytes, or undefined for anything that is not an IP address */
export const parseAddress = (text: string): readonly number[] | undefined => {
  if (isIPv4(text)) return text.split('.').map(Number);
  return isIPv6(text) ? parseIpv6(text) : undefined;
};

/** @param text  valid already */
const parseIpv6 = (text: string): readonly number[] => {
  const [address = ''] = text.split('%');
  const [left = '', right] = address.split('::');
  const head = groupsOf(left);
  if (right === undefined) return head;
  const tail = groupsOf(right);
  const gap = Array.from({ length: 16 - head.length - tail.length }, () => 0);
  return [...head, ...gap, ...tail];
};

/** `1:a` or `1:a:10.0.0.1` to two bytes for each group. */
const groupsOf = (text: string): readonly number[] =>
  (text === '' ? [] : text.split(':')).flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
