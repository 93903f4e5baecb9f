/**
 * What the fake API server answers from its store: pages of a list, and single objects read, created, replaced and applied.
 */
import type { FakeObject, FakeStore, Fields } from './fake-api-store.ts';

export interface Reply {
  readonly status: number;
  readonly body: string;
}

export interface FakeCall {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

const reply = (status: number, body: unknown): Reply => ({ status, body: JSON.stringify(body) });
const refuse = (code: number): Reply => reply(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code });

/** By name, or by type of Secret. */
export const selects = (query: URLSearchParams): ((object: FakeObject) => boolean) => {
  const [, field, not, value] = /^(metadata\.name|type)(!?)=(.+)$/.exec(query.get('fieldSelector') ?? '') ?? [];
  if (field === undefined) return () => true;
  return ({ metadata, type }) => ((field === 'type' ? type : metadata.name) === value) === (not === '');
};

/** A page goes on at `<resourceVersion>:<name>`; once the store has changed, it is gone. */
export const answerList = (store: FakeStore, collection: string, query: URLSearchParams): Reply => {
  const [version, from] = (query.get('continue') ?? '').split(':');
  if (version && version !== store.resourceVersion) return refuse(410);
  const selected = store.list(collection).filter(selects(query));
  const all = selected.filter(({ metadata }) => metadata.name >= (from ?? ''));
  const limit = Number(query.get('limit') ?? all.length);
  const next = all[limit]?.metadata.name;
  const metadata = {
    resourceVersion: store.resourceVersion,
    ...(next !== undefined && { continue: `${store.resourceVersion}:${next}` }),
  };
  return reply(200, { apiVersion: 'v1', kind: 'List', metadata, items: all.slice(0, limit) });
};

export const answerCall = (store: FakeStore, { method, path, body }: FakeCall): Reply => {
  const fields: Fields = body === '' ? {} : JSON.parse(body);
  const wanted: Fields = typeof fields.metadata === 'object' && fields.metadata !== null ? { ...fields.metadata } : {};
  if (method === 'POST') return create(store, path, { fields, wanted });
  const isStatus = path.endsWith('/status');
  const [, collection = '', name = ''] = /^(.*)\/([^/]+)$/.exec(path.replace(/\/status$/, '')) ?? [];
  const known = store.get(collection, decodeURIComponent(name));
  if (!known) return refuse(404);
  if (method === 'GET') return reply(200, known);
  if (conflicts(known, wanted)) return refuse(409);
  if (method === 'PUT') return reply(200, store.put(collection, known.metadata.name, fields));
  if (method === 'PATCH' && isStatus) {
    return reply(200, store.put(collection, known.metadata.name, { ...known, status: fields.status }));
  }
  return refuse(405);
};

const create = (
  store: FakeStore,
  collection: string,
  { fields, wanted }: { readonly fields: Fields; readonly wanted: Fields },
): Reply => {
  const name = String(wanted.name ?? `${wanted.generateName}${store.resourceVersion}`);
  return store.get(collection, name) ? refuse(409) : reply(201, store.put(collection, name, fields));
};

const conflicts = ({ metadata }: FakeObject, wanted: Fields): boolean =>
  (['uid', 'resourceVersion'] as const).some(
    (field) => wanted[field] !== undefined && wanted[field] !== metadata[field],
  );
