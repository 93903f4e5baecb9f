/** The project's own sources as plain values, for rules that are pure functions over them. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Source {
  /** From the project's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** @returns what a rule found wrong, each `path: why`; empty when it holds */
export type Rule = (sources: readonly Source[]) => readonly string[];

const root = join(import.meta.dirname, '..', '..');

export const loadSources = (): readonly Source[] =>
  globSync('{cmd,pkg,test}/**/*.{ts,mjs}', { cwd: root })
    .map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(join(root, path), 'utf8') }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));

export const isTest = (path: string): boolean => path.endsWith('.test.ts') || path.startsWith('test/');
