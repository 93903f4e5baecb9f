/**
 * What the cache keeps for one key, and how that stands in Redis: a header of fixed width, then the row's JSON as it came.
 *
 * The text is opaque here and never parsed. Anything that does not decode is a miss: an older or a newer version of this
 * format, or another program's value, costs one database read and never an error.
 */

/** Wall milliseconds. Rows of one read share one, its absences another: numbers of their own would be three more objects for each of a hundred
 * thousand entries, which the garbage collector looks at over and over. */
export interface Lifetime {
  /** When the read that brought it began: a change after that moment may not be in it. */
  readonly readAt: number;
  /** Until then it answers. */
  readonly freshUntil: number;
  /** Until then it may answer while the database cannot; then it is gone. */
  readonly staleUntil: number;
}

export interface CacheEntry {
  /** The row as ready JSON; null = there is no such row. */
  readonly text: string | null;
  readonly life: Lifetime;
}

export type KeyedEntry = readonly [key: string, entry: CacheEntry];

/** `<version><kind><readAt><freshUntil><staleUntil>`; redis-scripts.ts reads version, kind and the first time. */
const header = /^1[RM]\d{39}/;
const timesAt = 2;
const timeLength = 13;
const headerLength = timesAt + 3 * timeLength;

/** Thirteen digits reach the year 2286. Whole milliseconds, rounded down: an entry may look older, never younger. */
const digits = (ms: number): string => String(Math.floor(ms)).padStart(13, '0');

const timesOf = ({ readAt, freshUntil, staleUntil }: Lifetime): string =>
  digits(readAt) + digits(freshUntil) + digits(staleUntil);

/** For entries of one moment: those that follow each other mostly share their lifetime, whose text is made once. */
export const createEntryEncoder = (): ((entry: CacheEntry) => string) => {
  let life: Lifetime | undefined;
  let times = '';
  return (entry) => {
    if (entry.life !== life) times = timesOf(entry.life);
    life = entry.life;
    return `1${entry.text === null ? 'M' : 'R'}${times}${entry.text ?? ''}`;
  };
};

/** What an invalidation leaves in a key's place, so that a slower read cannot bring the old row back. Decodes as a miss. */
export const encodeTombstone = (at: number): string => `1T${digits(Math.ceil(at))}`;

const timeAt = (value: string, place: number): number => {
  const from = timesAt + place * timeLength;
  return Number(value.slice(from, from + timeLength));
};

/** For values of one moment; the same times twice in a row become one lifetime. */
export const createEntryDecoder = (): ((value: unknown) => CacheEntry | undefined) => {
  let life: Lifetime | undefined;
  let times = '';
  return (value) => {
    if (typeof value !== 'string' || !header.test(value)) return undefined;
    if (life === undefined || !value.startsWith(times, timesAt)) {
      times = value.slice(timesAt, headerLength);
      life = { readAt: timeAt(value, 0), freshUntil: timeAt(value, 1), staleUntil: timeAt(value, 2) };
    }
    return { text: value[1] === 'M' ? null : value.slice(headerLength), life };
  };
};
