/**
 * The schema of our CustomResourceDefinition, as far as tests walk it.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { crdFile } from '../services/kube-crd.ts';

export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly default?: unknown;
}

/** Of the whole object. */
export const readSchema = (): Schema => parse(readFileSync(crdFile, 'utf8')).spec.versions[0].schema.openAPIV3Schema;
