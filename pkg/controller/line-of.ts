/**
 * Where in a file a path is: the line of its key, of the deepest part of it that is there.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter } from 'yaml';

interface Found {
  /** Offset of the key, or of the item. */
  readonly start: number | undefined;
  readonly node: unknown;
}

const startOf = (node: unknown): number | undefined => {
  const range: unknown = typeof node === 'object' && node !== null ? Reflect.get(node, 'range') : undefined;
  const start: unknown = Array.isArray(range) ? range[0] : undefined;
  return typeof start === 'number' ? start : undefined;
};

const step = (document: Document.Parsed, node: unknown, key: string): Found | undefined => {
  const target: unknown = isAlias(node) ? node.resolve(document) : node;
  if (isMap(target)) {
    const pair = target.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
    return pair && { start: startOf(pair.key), node: pair.value };
  }
  if (!isSeq(target) || !/^\d+$/.test(key)) return undefined;
  const item: unknown = target.items[Number(key)];
  return item === undefined ? undefined : { start: startOf(item), node: item };
};

/** @param path  as problems have it: `spec.actions[0].name`, or `spec.cxone.secretRef (client-id)`
 * @returns the first is 1 */
export const lineOf = (document: Document.Parsed, path: string, lines: LineCounter): number => {
  let start = document.contents?.range[0] ?? document.range[0];
  let node: unknown = document.contents;
  for (const key of path
    .replace(/ \(.*$/, '')
    .split(/[.[\]]+/)
    .filter((part) => part !== '')) {
    const found = step(document, node, key);
    if (!found) break;
    start = found.start ?? start;
    node = found.node;
  }
  return lines.linePos(start).line;
};
