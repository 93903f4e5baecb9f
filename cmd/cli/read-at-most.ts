/** Reads what has a length that nobody knows, within a bound. */
import { open } from 'node:fs/promises';

/** @param chunks  of bytes     @returns undefined when there are more bytes than that */
export const readAtMost = async (chunks: AsyncIterable<unknown>, bytesMax: number): Promise<Buffer | undefined> => {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('a stream of something else than bytes');
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
    parts.push(Buffer.from(chunk));
  }
  return Buffer.concat(parts, bytes);
};

/** Of a pipe or a device as well. @returns undefined when there are more bytes than that */
export const readFileAtMost = async (file: string, bytesMax: number): Promise<Buffer | undefined> => {
  const handle = await open(file);
  try {
    return await readAtMost(handle.createReadStream({ autoClose: false }), bytesMax);
  } finally {
    await handle.close();
  }
};
