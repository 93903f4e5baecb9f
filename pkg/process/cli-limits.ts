/**
 * Bounds of what the commands of `cxone-actions` read as a whole. The service does not know them.
 */

export const cliLimits = {
  /** Manifests, a secret or a body, of a file or standard input: far above the bound that each of them has in the service. */
  inputBytesMax: 16 * 1024 * 1024,
  /** What `send` prints of an answer: many times the service's, and no stream without end where a URL is somebody else's. */
  answerBytesMax: 1024 * 1024,
} as const;
