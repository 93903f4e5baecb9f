/**
 * What the cache keeps for one key, and how that stands in Redis: a header of fixed width, then the row's JSON as it came.
 *
 * The text is opaque here and never parsed. Anything that does not decode is a miss: an older or a newer version of this
 * format, or another program's value, costs one database read and never an error.
 */

/** Times are wall milliseconds. */
export interface CacheEntry {
  /** The row as ready JSON; null = there is no such row. */
  readonly text: string | null;
  /** When the read that brought it began: a change after that moment may not be in it. */
  readonly readAt: number;
  /** Until then it answers. */
  readonly freshUntil: number;
  /** Until then it may answer while the database cannot; then it is gone. */
  readonly staleUntil: number;
}

export type KeyedEntry = readonly [key: string, entry: CacheEntry];

/** `<version><kind><readAt><freshUntil><staleUntil>`; redis-scripts.ts reads version, kind and the first time. */
const format = /^1([RM])(\d{13})(\d{13})(\d{13})/;
const headerLength = 41;

/** Thirteen digits reach the year 2286. Whole milliseconds, rounded down: an entry may look older, never younger. */
const digits = (ms: number): string => String(Math.floor(ms)).padStart(13, '0');

export const encodeEntry = (entry: CacheEntry): string =>
  `1${entry.text === null ? 'M' : 'R'}${digits(entry.readAt)}${digits(entry.freshUntil)}${digits(entry.staleUntil)}${entry.text ?? ''}`;

/** What an invalidation leaves in a key's place, so that a slower read cannot bring the old row back. Decodes as a miss. */
export const encodeTombstone = (at: number): string => `1T${digits(Math.ceil(at))}`;

export const decodeEntry = (value: unknown): CacheEntry | undefined => {
  if (typeof value !== 'string') return undefined;
  const header = format.exec(value);
  if (header === null) return undefined;
  return {
    text: header[1] === 'M' ? null : value.slice(headerLength),
    readAt: Number(header[2]),
    freshUntil: Number(header[3]),
    staleUntil: Number(header[4]),
  };
};
