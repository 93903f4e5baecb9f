/**
 * How long readings by a declared statement take: in a statement of their own, as it shows from here, and what each adds to one they share, as
 * PostgreSQL says.
 *
 * Either may be late for many other reasons (a busy core, a lock, a network), so the quickest of late count and not the mean.
 */
import { databaseLimits, sharedReadLimits } from '../process/limits.ts';

export class ReadPace {
  /** The quickest in a statement of its own, the way there and back included. */
  #leastMs = Number.POSITIVE_INFINITY;
  /** What one key, or one reading, adds to a shared statement. */
  #perUnitMs = leastPerUnitMs;
  #nextRestMs: number = sharedReadLimits.restMsMin;
  /** Quick statements of late, the oldest first. */
  readonly #quick: { readonly began: number; readonly ended: number }[] = [];

  /** A reading in a statement of its own took so long. */
  noteAlone(ms: number): void {
    this.#leastMs = Math.min(ms, this.#leastMs * (1 + drift));
  }

  /** Readings of so many units took PostgreSQL so long together. */
  noteTogether(units: number, ms: number): void {
    this.#perUnitMs = Math.max(leastPerUnitMs, Math.min(ms / units, this.#perUnitMs * (1 + drift)));
    this.#nextRestMs = sharedReadLimits.restMsMin;
  }

  /** A shared statement failed, or took too long.
   * @returns for how many milliseconds nobody should try again */
  noteFailure(): number {
    const restMs = this.#nextRestMs;
    this.#nextRestMs = Math.min(restMs * 2, sharedReadLimits.restMsMax);
    return restMs;
  }

  /** Whether so long in a statement of its own is slow, for a busy PostgreSQL too. */
  isSlow(ms: number): boolean {
    return ms > sharedReadLimits.patienceMs && ms > this.#leastMs * slowFactor;
  }

  /** A statement, shared or not, was quick; or no slower than all by its text. */
  noteQuick(began: number, ended: number): void {
    const { quickRememberedMax, quickApartMs } = sharedReadLimits;
    if (ended - (this.#quick.at(-1)?.ended ?? Number.NEGATIVE_INFINITY) < quickApartMs) return;
    if (this.#quick.length === quickRememberedMax) this.#quick.shift();
    this.#quick.push({ began, ended });
  }

  /** Whether a slow statement was so by itself: another that began no sooner was quick, and it still ran for patienceMs. Else all may have waited for
   * the same, a lock or a disk; that is said, too, where the quick one is not among those remembered. */
  wasSlowBesideQuick(began: number, ended: number): boolean {
    return this.#quick.some((quick) => quick.began >= began && quick.ended <= ended - sharedReadLimits.patienceMs);
  }

  /** What a reading adds to a shared statement, in milliseconds. */
  costMs(units: number): number {
    return this.#perUnitMs * units;
  }

  /** As if none had shared a statement yet. */
  forgetTogether(): void {
    this.#perUnitMs = leastPerUnitMs;
  }
}

/** For each time that it was slower: the quickest of some fifty. */
const drift = 0.02;
const slowFactor = 4;

/** A reading's own, and one for each key. */
export const unitsOf = (keys: number): number => keys + 1;

/** As long as nothing speaks against it, as many keys share a statement as in a statement of one lookup. */
const leastPerUnitMs = sharedReadLimits.extraMsMax / databaseLimits.batchKeysMax;
