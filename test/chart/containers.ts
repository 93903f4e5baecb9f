/** Containers of rendered objects, wherever they stand. */
import { at, type Fields, listAt, type Manifest } from '../services/helm.ts';

export interface Container {
  /** Kind, name of the object, and name of the container, for messages. */
  readonly where: string;
  readonly name: string;
  readonly spec: Fields;
  readonly pod: Fields;
}

const podOf = (manifest: Manifest): unknown =>
  manifest.kind === 'Pod' ? manifest.spec : at(manifest, 'spec.template.spec');

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

export const podsOf = (manifests: readonly Manifest[]): readonly Fields[] => manifests.map(podOf).filter(isFields);

export const containersOf = (manifests: readonly Manifest[]): readonly Container[] =>
  manifests.flatMap((manifest) => {
    const pod = podOf(manifest);
    if (!isFields(pod)) return [];
    return [...listAt(pod, 'initContainers'), ...listAt(pod, 'containers')].filter(isFields).map((spec) => {
      const name = String(spec.name);
      return { where: `${manifest.kind} ${manifest.metadata.name}, ${name}`, name, spec, pod };
    });
  });

/** @throws where there is none */
export const containerNamed = (manifests: readonly Manifest[], name: string): Container => {
  const found = containersOf(manifests).find((container) => container.name === name);
  if (!found) throw new Error(`no container ${name}`);
  return found;
};

/** The value of a variable, or where it comes from; undefined where it is not set. */
export const environmentOf = ({ spec }: Container): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    listAt(spec, 'env').map((entry) => [String(at(entry, 'name')), at(entry, 'value') ?? at(entry, 'valueFrom')]),
  );
