/**
 * The keys that an input asks for, as text: each different element of a list once is what the cache, the audit log and expectations see.
 */
import type { ScalarValue } from '../postgres/parameter.ts';
import type { ActionInput } from './action.ts';

const isList = (value: ActionInput[string]): value is readonly ScalarValue[] => Array.isArray(value);

const areTexts = (list: readonly ScalarValue[]): list is readonly string[] =>
  list.every((value) => typeof value === 'string');

/** Every element, one that is listed twice twice: for who tells them apart anyway.
 * @returns empty when `name` is no list, or was left out */
export const listedKeys = (input: ActionInput, name: string): readonly string[] => {
  const list = input[name];
  if (!isList(list)) return [];
  return areTexts(list) ? list : list.map(String);
};

/** @returns empty when `name` is no list, or was left out */
export const listKeys = (input: ActionInput, name: string): readonly string[] => {
  const keys = listedKeys(input, name);
  const different = new Set(keys);
  return different.size === keys.length ? keys : [...different];
};
