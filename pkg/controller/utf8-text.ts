/** The text of a file. Editors and shells of Windows write UTF-16, of which nothing is left when it is read as UTF-8 all the same. */

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @returns without its byte order mark; undefined for bytes that are not UTF-8, and for NUL, which no text of ours has and every UTF-16 */
export const utf8Text = (bytes: Uint8Array): string | undefined => {
  try {
    const text = utf8.decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
};
