/**
 * Which slot a key has, and which slot was used longest ago: a hash table made of arrays of numbers. It keeps no values; whoever uses it
 * keeps them in arrays of its own, by the number of their slot.
 *
 * A Map of so many keys reads several distant places of memory to tell that a key is absent, and an object for each slot is one more for
 * the garbage collector to visit and to move.
 *
 * Invariants: a slot is in the index, in the circle from oldest to newest and has its key, or it is one of the free ones; no more than half
 * of the index is in use, so every search ends at an empty place.
 */
import { cacheLimits } from '../process/limits.ts';
import type { hashText } from './hash-text.ts';

/** What a key belongs to: the same key in another group has another slot. */
export interface TableGroup {
  readonly prefix: string;
  /** Of the prefix: 32 bits. */
  readonly hash: number;
}

/** Slots are whole numbers, counted from 1 and used again when they are free; 0 is none. */
export interface SlotTable {
  /** What the next two want to know of a key: worked out once for both. */
  hash(group: TableGroup, key: string): number;
  find(hashed: number, group: TableGroup, key: string): number;
  /** For a key that has no slot yet.
   * @param prefix  of its group, kept as this very string: the same for all its slots, where they are many
   * @returns  its slot, the newest from now on; 0: too many keys hash like it */
  add(hashed: number, prefix: string, key: string): number;
  /** Makes it the newest. */
  use(slot: number): void;
  remove(slot: number): void;
  oldest(): number;
  prefixOf(slot: number): string;
}

/** What each slot has of an array. `newer` and `older` make a circle through slot 0: newer than 0 is the oldest slot, older than 0 the newest.
 * Of a free slot `older` is the next free one. */
const [hashIn, newerIn, olderIn, slotWidth] = [0, 1, 2, 3];
/** What each place of the index has: the slot is where its hash says or, if that was taken, at the next place that was not. */
const [hashAt, slotAt, placeWidth] = [0, 1, 2];
const slotsAtFirst = 64;
const placesForSlot = 2;

/** @param seed  32 bits, for hashes that strangers cannot foretell
 * @param hash  gives whole numbers of 32 bits */
export const createSlotTable = (seed: number, hash: typeof hashText): SlotTable => {
  const keys: (string | undefined)[] = [undefined];
  const prefixes: (string | undefined)[] = [undefined];
  let slots = new Int32Array(slotWidth * slotsAtFirst);
  let slotsMax = slotsAtFirst;
  let firstFree = 0;
  let index = new Int32Array(placeWidth * placesForSlot * slotsAtFirst);
  let mask = placesForSlot * slotsAtFirst - 1;

  const field = (slot: number, which: number): number => slots[slotWidth * slot + which] ?? 0;
  const setField = (slot: number, which: number, value: number): void => {
    slots[slotWidth * slot + which] = value;
  };
  const slotIn = (place: number): number => index[placeWidth * place + slotAt] ?? 0;
  const hashOf = (place: number): number => index[placeWidth * place + hashAt] ?? 0;
  const fill = (place: number, hashed: number, slot: number): void => {
    index[placeWidth * place + hashAt] = hashed;
    index[placeWidth * place + slotAt] = slot;
  };
  const next = (place: number): number => (place + 1) & mask;

  const enter = (hashed: number, slot: number, distanceMax: number): boolean => {
    let place = hashed & mask;
    for (let distance = 0; slotIn(place) !== 0; distance += 1) {
      if (distance === distanceMax) return false;
      place = next(place);
    }
    fill(place, hashed, slot);
    return true;
  };

  /** What comes behind moves up as far as its hash allows, so that no search for it ends too early. */
  const takeOut = (slot: number): void => {
    let hole = field(slot, hashIn) & mask;
    while (slotIn(hole) !== slot) hole = next(hole);
    for (let place = next(hole); slotIn(place) !== 0; place = next(place)) {
      const hashed = hashOf(place);
      if (((place - hashed) & mask) < ((place - hole) & mask)) continue;
      fill(hole, hashed, slotIn(place));
      hole = place;
    }
    fill(hole, 0, 0);
  };

  const grow = (): void => {
    // Both before either is used: there may be no memory for the second.
    const [grownSlots, grownIndex] = [new Int32Array(2 * slots.length), new Int32Array(2 * index.length)];
    grownSlots.set(slots);
    slots = grownSlots;
    slotsMax *= 2;
    index = grownIndex;
    mask = 2 * mask + 1;
    for (let slot = field(0, newerIn); slot !== 0; slot = field(slot, newerIn)) enter(field(slot, hashIn), slot, mask);
  };

  const unchain = (slot: number): void => {
    const newer = field(slot, newerIn);
    const older = field(slot, olderIn);
    setField(newer, olderIn, older);
    setField(older, newerIn, newer);
  };
  const chain = (slot: number): void => {
    const newest = field(0, olderIn);
    setField(slot, olderIn, newest);
    setField(slot, newerIn, 0);
    setField(newest, newerIn, slot);
    setField(0, olderIn, slot);
  };

  return {
    hash: (group, key) => hash(key, seed ^ group.hash),
    find: (hashed, { prefix }, key) => {
      for (let place = hashed & mask; ; place = next(place)) {
        const slot = slotIn(place);
        if (slot === 0) return 0;
        if (hashOf(place) === hashed && keys[slot] === key && prefixes[slot] === prefix) return slot;
      }
    },
    add: (hashed, prefix, key) => {
      if (firstFree === 0 && keys.length === slotsMax) grow();
      const slot = firstFree === 0 ? keys.length : firstFree;
      if (!enter(hashed, slot, cacheLimits.slotDistanceMax)) return 0;
      if (slot === firstFree) firstFree = field(slot, olderIn);
      keys[slot] = key;
      prefixes[slot] = prefix;
      setField(slot, hashIn, hashed);
      chain(slot);
      return slot;
    },
    use: (slot) => {
      if (slot === field(0, olderIn)) return;
      unchain(slot);
      chain(slot);
    },
    remove: (slot) => {
      takeOut(slot);
      unchain(slot);
      keys[slot] = undefined;
      prefixes[slot] = undefined;
      setField(slot, olderIn, firstFree);
      firstFree = slot;
    },
    oldest: () => field(0, newerIn),
    prefixOf: (slot) => prefixes[slot] ?? '',
  };
};
