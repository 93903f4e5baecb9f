/**
 * A lookup's answer within the caller's 32 KB: rows as ready JSON text in, one JSON text out.
 *
 * What does not fit is named in `more`, so that a script asks for the rest; a row that could never fit is named in
 * `tooLarge`. Asking again for `more` always makes progress: where no row fits beside the names of all others, one is
 * named in `tooLarge` that would fit if it were asked for alone.
 */
import { requestLimits } from '../process/limits.ts';

/** What was asked for, in that order; its keys passed `keysFitAnswer`. */
export interface AnswerItems {
  /** As JSON text; null = there is none. */
  readonly rows: readonly (string | null)[];
  /** The key at a place of `rows`, as JSON text: `"0000…"` or `42`. */
  keyAt(place: number): string;
}

interface Parts {
  readonly rows: readonly string[];
  readonly missing: readonly string[];
  readonly more: readonly string[];
  readonly tooLarge: readonly string[];
}

/** V8 keeps a concatenation as pieces and copies them once, when it is measured or written; `join` would copy once more before. */
const listed = (start: string, items: readonly string[]): string =>
  items.reduce((text, item, place) => `${text}${place === 0 ? '' : ','}${item}`, start);

const list = (name: string, items: readonly string[]): string =>
  items.length ? `${listed(`,"${name}":[`, items)}]` : '';

const render = (output: string, parts: Parts, stale: boolean): string =>
  `${listed(`{"output":{"${output}":[`, parts.rows)}],"count":${parts.rows.length}${list('missing', parts.missing)}${list('more', parts.more)}${list('tooLarge', parts.tooLarge)}${stale ? ',"stale":true' : ''}}}`;

const isRow = (row: string | null): row is string => row !== null;

const everything = ({ rows, keyAt }: AnswerItems): Parts => {
  const none = { missing: [], more: [], tooLarge: [] };
  if (rows.every(isRow)) return { ...none, rows };
  const missing = rows.flatMap((row, place) => (row === null ? [keyAt(place)] : []));
  return { ...none, rows: rows.filter(isRow), missing };
};

/** `{"output":{…}}` with all four lists and `stale`, without their items: what any answer needs at most. */
const frameBytes = (output: string, count: number): number =>
  Buffer.byteLength(`{"output":{"${output}":[],"count":${count},"missing":[],"more":[],"tooLarge":[],"stale":true}}`);

const aloneBytes = (output: string, row: string): number =>
  Buffer.byteLength(render(output, { rows: [row], missing: [], more: [], tooLarge: [] }, false));

const fitting = (output: string, { rows, keyAt }: AnswerItems, bytesMax: number): Parts => {
  const parts = { rows: [] as string[], missing: [] as string[], more: [] as string[], tooLarge: [] as string[] };
  const keys = rows.map((_, place) => keyAt(place));
  // Every key stands somewhere in the answer until its row takes its place.
  let bytes = frameBytes(output, rows.length);
  for (const key of keys) bytes += Buffer.byteLength(key) + 1;
  for (const [place, key] of keys.entries()) {
    const row = rows[place] ?? null;
    if (row === null) {
      parts.missing.push(key);
      continue;
    }
    const growth = Buffer.byteLength(row) - Buffer.byteLength(key);
    if (bytes + growth <= bytesMax) {
      bytes += growth;
      parts.rows.push(row);
    } else if (aloneBytes(output, row) > bytesMax) parts.tooLarge.push(key);
    else parts.more.push(key);
  }
  // Nothing was settled: every row fits alone, but none beside the names of the others. Settle one.
  if (parts.more.length === rows.length) parts.tooLarge.push(...parts.more.splice(0, 1));
  return parts;
};

/** How many bytes the keys of a request take at least, in whatever answer: above `answerBytesMax` it is refused. */
export const keysFitAnswer = (
  output: string,
  keys: readonly string[],
  bytesMax: number = requestLimits.answerBytesMax,
): boolean => {
  let bytes = frameBytes(output, 0) + 4;
  for (const key of keys) bytes += Buffer.byteLength(key) + 1;
  return bytes <= bytesMax;
};

/** @returns the answer's JSON text, at most `bytesMax` bytes of UTF-8 */
export const shapeAnswer = (
  output: string,
  items: AnswerItems,
  options: { readonly stale?: boolean; readonly bytesMax?: number } = {},
): string => {
  const { stale = false, bytesMax = requestLimits.answerBytesMax } = options;
  const whole = render(output, everything(items), stale);
  // A UTF-16 unit is three bytes at most, so a short text fits unmeasured.
  if (whole.length * 3 <= bytesMax || Buffer.byteLength(whole) <= bytesMax) return whole;
  return render(output, fitting(output, items, bytesMax), stale);
};
