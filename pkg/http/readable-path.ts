/** What a request asks for as the path that Koa's router looks up. */
import type { Context } from 'koa';

/** Leaves Koa a path alone: at an absolute target such as `http://[` its parser throws, and at `http://:x` Node prints a warning.
 * @returns false where there is no path in it */
export const hasReadablePath = (ctx: Context): boolean => {
  if (ctx.url.startsWith('/')) return true;
  if (!URL.canParse(ctx.url)) return false;
  const { pathname, search } = new URL(ctx.url);
  ctx.url = pathname + search;
  return pathname.startsWith('/');
};
