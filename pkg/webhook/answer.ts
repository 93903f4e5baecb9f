/**
 * A lookup's answer within the caller's 32 KB: rows as ready JSON text in, one JSON text out.
 *
 * What does not fit is named in `more`, so that a script asks for the rest; a row that could never fit is named in
 * `tooLarge`. Asking again for `more` always makes progress: where no row fits beside the names of all others, one is
 * named in `tooLarge` that would fit if it were asked for alone.
 */
import { requestLimits } from '../process/limits.ts';

export interface AnswerItem {
  /** The key as JSON text: `"0000…"` or `42`. */
  readonly key: string;
  /** The row as JSON text; null = there is none. */
  readonly row: string | null;
}

interface Parts {
  readonly rows: string[];
  readonly missing: string[];
  readonly more: string[];
  readonly tooLarge: string[];
}

const list = (name: string, items: readonly string[]): string =>
  items.length ? `,"${name}":[${items.join(',')}]` : '';

const render = (output: string, parts: Parts, stale: boolean): string =>
  `{"output":{"${output}":[${parts.rows.join(',')}],"count":${parts.rows.length}${list('missing', parts.missing)}${list('more', parts.more)}${list('tooLarge', parts.tooLarge)}${stale ? ',"stale":true' : ''}}}`;

const everything = (items: readonly AnswerItem[]): Parts => {
  const parts: Parts = { rows: [], missing: [], more: [], tooLarge: [] };
  for (const item of items) {
    if (item.row === null) parts.missing.push(item.key);
    else parts.rows.push(item.row);
  }
  return parts;
};

/** `{"output":{…}}` with all four lists and `stale`, without their items: what any answer needs at most. */
const frameBytes = (output: string, items: readonly AnswerItem[]): number =>
  Buffer.byteLength(
    `{"output":{"${output}":[],"count":${items.length},"missing":[],"more":[],"tooLarge":[],"stale":true}}`,
  );

const aloneBytes = (output: string, row: string): number =>
  Buffer.byteLength(render(output, { rows: [row], missing: [], more: [], tooLarge: [] }, false));

const fitting = (output: string, items: readonly AnswerItem[], bytesMax: number): Parts => {
  const parts: Parts = { rows: [], missing: [], more: [], tooLarge: [] };
  // Every key stands somewhere in the answer until its row takes its place.
  let bytes = frameBytes(output, items);
  for (const item of items) bytes += Buffer.byteLength(item.key) + 1;
  for (const item of items) {
    if (item.row === null) {
      parts.missing.push(item.key);
      continue;
    }
    const rowBytes = Buffer.byteLength(item.row) + 1;
    const growth = rowBytes - Buffer.byteLength(item.key) - 1;
    if (bytes + growth <= bytesMax) {
      bytes += growth;
      parts.rows.push(item.row);
    } else if (aloneBytes(output, item.row) > bytesMax) parts.tooLarge.push(item.key);
    else parts.more.push(item.key);
  }
  // Nothing was settled: every row fits alone, but none beside the names of the others. Settle one.
  if (parts.more.length === items.length) parts.tooLarge.push(...parts.more.splice(0, 1));
  return parts;
};

/** How many bytes the keys of a request take at least, in whatever answer: above `answerBytesMax` it is refused. */
export const keysFitAnswer = (
  output: string,
  keys: readonly string[],
  bytesMax: number = requestLimits.answerBytesMax,
): boolean => {
  let bytes = frameBytes(output, []) + 4;
  for (const key of keys) bytes += Buffer.byteLength(key) + 1;
  return bytes <= bytesMax;
};

/** @param items  in the order asked for; their keys passed `keysFitAnswer`
 * @returns the answer's JSON text, at most `bytesMax` bytes of UTF-8 */
export const shapeAnswer = (
  output: string,
  items: readonly AnswerItem[],
  options: { readonly stale?: boolean; readonly bytesMax?: number } = {},
): string => {
  const { stale = false, bytesMax = requestLimits.answerBytesMax } = options;
  const whole = render(output, everything(items), stale);
  if (Buffer.byteLength(whole) <= bytesMax) return whole;
  return render(output, fitting(output, items, bytesMax), stale);
};
