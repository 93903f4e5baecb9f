/**
 * DataActionConfigs and Secrets out of files: what a cluster would hold if all of them were applied, with the place of
 * each. Pure.
 *
 * An object of another kind is passed over and listed: files of a real deployment hold more than ours. A `List`, as kubectl
 * prints and applies it, is the objects in it.
 */
import { outlineConfig } from '../tenant/data-action-config.ts';
import { objectKey } from './candidate.ts';
import { type LocatedProblem, located, type ManifestDocument, type ManifestFile } from './manifest-file.ts';
import { readSecret } from './read-secret.ts';
import type { SecretContent, Secrets } from './resolve-secrets.ts';

export interface NamedFile extends ManifestFile {
  readonly file: string;
}

export interface PlacedProblem extends LocatedProblem {
  readonly file: string;
}

export interface PlacedConfig extends ManifestDocument {
  readonly file: string;
  /** `namespace/name`, each once; undefined where the object's metadata cannot be read. */
  readonly key: string | undefined;
}

export interface GatheredFiles {
  readonly configs: readonly PlacedConfig[];
  readonly secrets: Secrets;
  readonly problems: readonly PlacedProblem[];
  /** Documents of other kinds. */
  readonly others: readonly PlacedProblem[];
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;

/** The objects of a `List`, each with its own lines, or the document itself. One level: a List in a List is another kind. */
const objectsOf = (document: ManifestDocument): readonly ManifestDocument[] => {
  const items = fieldOf(document.value, 'kind') === 'List' ? fieldOf(document.value, 'items') : undefined;
  if (!Array.isArray(items)) return [document];
  return items.map((value: unknown, at) => ({ value, lineOf: (path) => document.lineOf(`items[${at}].${path}`) }));
};

/** @param salt  goes into the Secrets' versions, so that these tell nothing about the values */
export const gatherManifests = (files: readonly NamedFile[], salt: string): GatheredFiles => {
  const configs: PlacedConfig[] = [];
  const secrets = new Map<string, SecretContent>();
  const problems: PlacedProblem[] = [];
  const others: PlacedProblem[] = [];
  const names = new Set<string>();

  const isTaken = (kind: string, key: string | undefined): boolean => {
    const name = `${kind} ${key}`;
    const taken = key !== undefined && names.has(name);
    names.add(name);
    return taken;
  };

  const take = (file: string, document: ManifestDocument): void => {
    const tell = (found: LocatedProblem) => void problems.push({ file, ...found });
    const kind = fieldOf(document.value, 'kind');
    if (kind !== 'DataActionConfig' && kind !== 'Secret') {
      const expected = 'DataActionConfig or Secret';
      others.push({ file, line: document.lineOf('kind'), path: 'kind', expected });
      return;
    }
    const { metadata } = outlineConfig(document.value);
    const key = metadata.name === '' ? undefined : objectKey(metadata);
    if (isTaken(kind, key)) {
      located(document, [{ path: 'metadata.name', expected: `a name that no other ${kind} has` }]).forEach(tell);
    } else if (kind === 'DataActionConfig') configs.push({ ...document, file, key });
    else {
      const secret = readSecret(document.value, salt);
      if (secret.ok) secrets.set(secret.value.key, secret.value.content);
      else located(document, secret.problems).forEach(tell);
    }
  };

  for (const { file, documents, problems: found } of files) {
    problems.push(...found.map((problem) => ({ file, ...problem })));
    for (const document of documents.flatMap(objectsOf)) take(file, document);
  }
  return { configs, secrets, problems, others };
};
