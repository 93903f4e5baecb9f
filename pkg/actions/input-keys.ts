/**
 * The keys that an input asks for, as the cache, the audit log and expectations see them: each different element of a list once.
 */
import type { ScalarValue } from '../postgres/parameter.ts';
import type { ActionInput } from './action.ts';

const isList = (value: ActionInput[string]): value is readonly ScalarValue[] => Array.isArray(value);

/** @returns empty when `name` is no list, or was left out */
export const listKeys = (input: ActionInput, name: string): readonly string[] => {
  const list = input[name];
  if (!isList(list)) return [];
  const keys = list.map(String);
  const different = new Set(keys);
  return different.size === keys.length ? keys : [...different];
};
