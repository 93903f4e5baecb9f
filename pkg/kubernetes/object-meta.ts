/**
 * The part of an object that the API server itself fills in and that everything here goes by.
 */
import type { Codec } from '../tenant/codec.ts';
import { defaulted, open } from '../tenant/codec-containers.ts';
import { text } from '../tenant/codec-scalars.ts';

export interface ObjectMeta {
  readonly name: string;
  /** Empty for what belongs to no namespace. */
  readonly namespace: string;
  readonly uid: string;
  /** Equal texts mean an equal object; more than that is only ever suspected from it. */
  readonly resourceVersion: string;
}

const id = text({ min: 1, max: 253 });

export const resourceVersion: Codec<string> = id;

export const objectMeta: Codec<ObjectMeta> = open({
  name: id,
  namespace: defaulted(text({ max: 253 }), ''),
  uid: id,
  resourceVersion,
});

/** `namespace/name`, or `name`. */
export const keyOf = ({ namespace, name }: Pick<ObjectMeta, 'namespace' | 'name'>): string =>
  namespace === '' ? name : `${namespace}/${name}`;
