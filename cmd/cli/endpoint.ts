/** Where a data action is posted to. */
import { UsageError } from './flag.ts';

/** @param url  of the service; `/data-action` is added when it has no path @throws UsageError */
export const endpoint = (url: string): URL => {
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw new UsageError('--url: expected http://… or https://…');
  const parsed = new URL(url);
  if (parsed.pathname === '/') parsed.pathname = '/data-action';
  return parsed;
};
