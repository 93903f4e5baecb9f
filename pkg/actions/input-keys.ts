/**
 * The keys that an input asks for, as text.
 */
import type { ScalarValue } from '../postgres/parameter.ts';
import { type ActionInput, inputOf } from './action.ts';

const isList = (value: ActionInput[string]): value is readonly ScalarValue[] => Array.isArray(value);

const areTexts = (list: readonly ScalarValue[]): list is readonly string[] =>
  list.every((value) => typeof value === 'string');

/** Every element, for a caller that skips repeats itself.
 * @returns empty when `name` is no list, or was left out */
export const listedKeys = (input: ActionInput, name: string): readonly string[] => {
  const list = inputOf(input, name);
  if (!isList(list)) return [];
  return areTexts(list) ? list : list.map(String);
};

/** Each different element once, in the order of the list: what the audit log, invalidations and expectations see.
 * @returns empty when `name` is no list, or was left out */
export const differentKeys = (input: ActionInput, name: string): readonly string[] => {
  const keys = listedKeys(input, name);
  const different = new Set(keys);
  return different.size === keys.length ? keys : [...different];
};
