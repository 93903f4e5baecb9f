/** URLs of the service: its own, and where a data action is posted to. */
import { UsageError } from './flag.ts';

/** Without a login: nothing would send it, and a document would show it. @throws UsageError */
export const serviceUrl = (url: string, flag: string): URL => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^https?:/.test(url)) throw new UsageError(`--${flag}: expected http://… or https://…`);
  if (parsed.username !== '' || parsed.password !== '') {
    throw new UsageError(`--${flag}: expected a URL without user and password`);
  }
  return parsed;
};

/** @param url  of the service; `/data-action` is added when it has no path @throws UsageError */
export const endpoint = (url: string): URL => {
  const parsed = serviceUrl(url, 'url');
  if (parsed.pathname === '/') parsed.pathname = '/data-action';
  return parsed;
};
