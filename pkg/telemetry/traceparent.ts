/**
 * W3C Trace Context: takes the caller's trace id out of its `traceparent` header, for logs and exemplars.
 * Source: https://www.w3.org/TR/trace-context/#traceparent-header
 */

/** Version 00 ends after its four fields; later ones may bring more. */
const traceparent = /^(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;
const charactersMax = 256;

/** @returns the trace id (32 hex digits), or undefined for anything that is not a valid traceparent */
export const traceIdOf = (header: string | undefined): string | undefined =>
  header === undefined || header.length > charactersMax ? undefined : traceparent.exec(header)?.[1];
