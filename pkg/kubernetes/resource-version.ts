/**
 * Order of resourceVersions, for suspicion only. The API server gives whole numbers that grow; where they are none, nothing is
 * suspected. No correctness may rest on it.
 */

export const isEarlier = (a: string, b: string): boolean =>
  isNumber(a) && isNumber(b) && (a.length < b.length || (a.length === b.length && a < b));

const isNumber = (text: string): boolean => /^(?:0|[1-9]\d*)$/.test(text);
