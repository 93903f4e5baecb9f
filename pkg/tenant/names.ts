/**
 * What names may look like: of tenants, actions, inputs, outputs, and of the Kubernetes objects they come from.
 */
import type { Codec } from './codec.ts';
import { text } from './codec-scalars.ts';

/** UUIDs with hyphens and plain names alike; never a colon, a brace or a slash. */
export const tenantId: Codec<string> = text({
  min: 1,
  max: 63,
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
  expected: 'a tenant id: 1 to 63 letters, digits, ".", "_" and "-", beginning with a letter or digit',
});

export const actionName: Codec<string> = text({
  min: 1,
  max: 63,
  pattern: /^[A-Za-z_][A-Za-z0-9_.-]*$/,
  expected: 'an action name: 1 to 63 letters, digits, "_", "." and "-", beginning with a letter or "_"',
});

/** Inputs, outputs and columns: a name that a script can use without quoting. */
export const identifier: Codec<string> = text({
  min: 1,
  max: 63,
  // No leading pair of underscores: `__proto__` is no name.
  pattern: /^(?:[A-Za-z]|_(?:[A-Za-z0-9]|$))[A-Za-z0-9_]*$/,
  expected: 'a name: 1 to 63 letters, digits and "_", beginning with a letter or one "_"',
});

/** RFC 1123 subdomain, as the API server demands of objects. */
export const objectName: Codec<string> = text({
  min: 1,
  max: 253,
  pattern: /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/,
  expected: 'the name of a Kubernetes object',
});

export const secretKey: Codec<string> = text({
  min: 1,
  max: 253,
  pattern: /^[-._a-zA-Z0-9]*$/,
  expected: 'a key of a Secret: 1 to 253 letters, digits, "-", "_" and "."',
});

/** What `revision.ts` makes. */
export const revisionText: Codec<string> = text({
  max: 16,
  pattern: /^[0-9a-f]{16}$/,
  expected: 'a revision of 16 hex digits',
});

/** What an answer itself may carry beside an action's output. */
export const reservedOutputs: readonly string[] = ['count', 'missing', 'more', 'tooLarge', 'stale'];
