/**
 * How much HMAC something computes, counted where node:crypto does it: work instead of time, which no test can rely on.
 */
import { createHmac } from 'node:crypto';

export interface HmacWork {
  /** Finished HMACs. */
  readonly digests: number;
  /** Given to them as bytes: bodies. */
  readonly bytes: number;
  /** Given to them as text: what is signed in front of a body. */
  readonly characters: number;
}

/** @param run  synchronous, so that nothing else is counted */
export const hmacWork = (run: () => void): HmacWork => {
  const prototype: { update: unknown; digest: unknown } = Object.getPrototypeOf(createHmac('sha256', ''));
  const { update, digest } = prototype;
  let [digests, bytes, characters] = [0, 0, 0];
  const passOn = (method: unknown, self: unknown, args: unknown[]): unknown =>
    typeof method === 'function' ? Reflect.apply(method, self, args) : undefined;
  prototype.update = function count(this: unknown, ...args: unknown[]) {
    const [data] = args;
    if (typeof data === 'string') characters += data.length;
    if (data instanceof Uint8Array) bytes += data.length;
    return passOn(update, this, args);
  };
  prototype.digest = function count(this: unknown, ...args: unknown[]) {
    digests += 1;
    return passOn(digest, this, args);
  };
  try {
    run();
  } finally {
    Object.assign(prototype, { update, digest });
  }
  return { digests, bytes, characters };
};
