/**
 * What Node has of the proposal "JSON.parse source text access" and TypeScript's library does not know yet.
 */
interface JSON {
  /** A value that JSON.stringify writes as this text: a primitive's. */
  rawJSON(text: string): object;
}
