/**
 * The objects of the fake API server: collections by path, one growing resourceVersion for all, and the events that watches
 * replay, until they are compacted away.
 */
import { randomUUID } from 'node:crypto';

export interface FakeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  readonly [field: string]: unknown;
}

export interface FakeEvent {
  readonly collection: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: FakeObject;
}

export type Fields = Readonly<Record<string, unknown>>;

export interface FakeStore {
  readonly resourceVersion: string;
  /** By name. */
  list(collection: string): readonly FakeObject[];
  get(collection: string, name: string): FakeObject | undefined;
  /** Creates or replaces. */
  put(collection: string, name: string, fields: Fields): FakeObject;
  remove(collection: string, name: string): boolean;
  /** @returns undefined when some of them are gone */
  eventsAfter(collection: string, resourceVersion: string): readonly FakeEvent[] | undefined;
  /** Forgets all events so far. */
  compact(): void;
}

/** @param onEvent  a change, as a watch tells of it */
export const createFakeStore = (onEvent: (event: FakeEvent) => void): FakeStore => {
  const collections = new Map<string, Map<string, FakeObject>>();
  let events: FakeEvent[] = [];
  let version = 100;
  let compactedAt = version;

  const collectionOf = (path: string): Map<string, FakeObject> => {
    const known = collections.get(path) ?? new Map<string, FakeObject>();
    collections.set(path, known);
    return known;
  };

  const happen = (event: FakeEvent): void => {
    events.push(event);
    onEvent(event);
  };

  return {
    get resourceVersion() {
      return String(version);
    },
    list: (collection) =>
      [...collectionOf(collection).values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
    get: (collection, name) => collectionOf(collection).get(name),
    put: (collection, name, fields) => {
      const known = collectionOf(collection).get(name);
      version += 1;
      const object = {
        ...fields,
        metadata: {
          ...metadataOf(fields),
          name,
          namespace: namespaceOf(collection),
          uid: known?.metadata.uid ?? randomUUID(),
          creationTimestamp: '2026-01-01T00:00:00Z',
          resourceVersion: String(version),
        },
      };
      collectionOf(collection).set(name, object);
      happen({ collection, type: known ? 'MODIFIED' : 'ADDED', object });
      return object;
    },
    remove: (collection, name) => {
      const known = collectionOf(collection).get(name);
      if (!known) return false;
      collectionOf(collection).delete(name);
      version += 1;
      const metadata = { ...known.metadata, resourceVersion: String(version) };
      happen({ collection, type: 'DELETED', object: { ...known, metadata } });
      return true;
    },
    eventsAfter: (collection, resourceVersion) => {
      const after = Number(resourceVersion);
      if (after < compactedAt) return undefined;
      return events.filter(
        (event) => event.collection === collection && Number(event.object.metadata.resourceVersion) > after,
      );
    },
    compact: () => {
      events = [];
      version += 1;
      compactedAt = version;
    },
  };
};

const metadataOf = ({ metadata }: Fields): Fields =>
  typeof metadata === 'object' && metadata !== null ? { ...metadata } : {};

const namespaceOf = (collection: string): string => /\/namespaces\/([^/]+)\//.exec(collection)?.[1] ?? '';
