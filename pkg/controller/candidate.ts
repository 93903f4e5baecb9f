/**
 * A manifest on its way to a verdict: parsed as far as it goes, beside what its object had been accepted with before.
 */
import { type Parsed, parsed } from '../errors/problem.ts';
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

/** Of one object, for as long as it is declared as it is. */
export interface Reading {
  readonly outline: ConfigOutline;
  readonly spec: Parsed<TenantSpec>;
}

export type ReadConfig = (manifest: unknown) => Reading;

export const readConfig: ReadConfig = (manifest) => {
  const config = parseDataActionConfig(manifest);
  return { outline: outlineConfig(manifest), spec: config.ok ? parsed(config.value.spec) : config };
};

/** Reads an object once for as long as it is the same object: a change then costs what changed, not what exists.
 * The garbage collector removes the readings of objects that are gone. Manifests must not be modified in place. */
export const createConfigReader = (): ReadConfig => {
  const readings = new WeakMap<object, Reading>();
  return (manifest) => {
    if (typeof manifest !== 'object' || manifest === null) return readConfig(manifest);
    const known = readings.get(manifest);
    if (known !== undefined) return known;
    const reading = readConfig(manifest);
    readings.set(manifest, reading);
    return reading;
  };
};

/** @returns undefined for an object that is on its way out */
export const toCandidate = (
  { outline, spec }: Reading,
  previous: ReadonlyMap<string, BundleTenant>,
): Candidate | undefined => {
  if (outline.metadata.deletionTimestamp !== undefined) return undefined;
  const before = previous.get(objectKey(outline.metadata));
  const same = before?.source.uid === outline.metadata.uid ? before : undefined;
  const tenantId = outline.tenantId ?? same?.tenantId;
  return { outline, spec, tenantId, previous: same?.tenantId === tenantId ? same : undefined };
};

export const objectKey = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}/${name}`;

/** Oldest first; objects of one age by namespace and name. */
export const byAge = ({ outline: { metadata: a } }: Candidate, { outline: { metadata: b } }: Candidate): number =>
  compare(a.creationTimestamp, b.creationTimestamp) || compare(a.namespace, b.namespace) || compare(a.name, b.name);

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
