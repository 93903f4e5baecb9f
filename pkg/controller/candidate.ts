/**
 * A manifest on its way to a verdict: parsed as far as it goes, beside what its object had been accepted with before.
 */
import type { Parsed } from '../errors/problem.ts';
import type { BundleTenant } from '../tenant/bundle.ts';
import { type ConfigOutline, outlineConfig, parseDataActionConfig } from '../tenant/data-action-config.ts';
import type { TenantSpec } from '../tenant/spec.ts';

export interface Candidate {
  readonly outline: ConfigOutline;
  readonly spec: Parsed<TenantSpec>;
  /** The bundle's entry of the same object. */
  readonly previous: BundleTenant | undefined;
  /** The tenant it is about, as far as that can be told. An object holds its tenant even while its spec is invalid. */
  readonly tenantId: string | undefined;
}

/** @returns undefined for an object that is on its way out */
export const toCandidate = (manifest: unknown, previous: ReadonlyMap<string, BundleTenant>): Candidate | undefined => {
  const outline = outlineConfig(manifest);
  if (outline.metadata.deletionTimestamp !== undefined) return undefined;
  const config = parseDataActionConfig(manifest);
  const before = previous.get(objectKey(outline.metadata));
  const same = before?.source.uid === outline.metadata.uid ? before : undefined;
  const tenantId = outline.tenantId ?? same?.tenantId;
  const spec = config.ok ? { ok: true as const, value: config.value.spec } : config;
  return { outline, spec, tenantId, previous: same?.tenantId === tenantId ? same : undefined };
};

export const objectKey = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}/${name}`;

/** Oldest first; objects of one age by namespace and name. */
export const byAge = (a: Candidate, b: Candidate): number => compare(ageKey(a), ageKey(b));

const ageKey = ({ outline: { metadata } }: Candidate): readonly string[] => [
  metadata.creationTimestamp,
  metadata.namespace,
  metadata.name,
];

const compare = (a: readonly string[], b: readonly string[]): number => {
  for (const [at, part] of a.entries()) {
    const other = b[at] ?? '';
    if (part !== other) return part < other ? -1 : 1;
  }
  return 0;
};
