/**
 * Who can reach what, by what each process loads: nothing of the handler speaks to the API server, nothing of the controller to a database or
 * to CXone.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importsOf } from './imports.ts';

const root = join(import.meta.dirname, '../..');

/** Every file that is loaded with `entry`, types included, and the packages these name. */
const loadedBy = (entry: string) => {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (path: string): void => {
    if (files.has(path)) return;
    files.add(path);
    const text = readFileSync(join(root, path), 'utf8');
    for (const [, name = ''] of text.matchAll(/from '([^.'][^']*)'/g)) packages.add(name);
    for (const target of importsOf({ path, text })) visit(target);
  };
  visit(entry);
  return { files: [...files], packages: [...packages] };
};

test('the handler loads nothing of Kubernetes', () => {
  const { files, packages } = loadedBy('cmd/handler/main.ts');
  assert.ok(files.includes('pkg/postgres/database.ts'));
  assert.equal(
    files.filter((file) => /^pkg\/(?:kubernetes|controller)\//.test(file)),
    [],
  );
  assert.not(packages.includes('@kubernetes/client-node'));
});

test('the controller loads nothing of PostgreSQL, Redis or CXone', () => {
  const { files, packages } = loadedBy('cmd/controller/main.ts');
  assert.ok(files.includes('pkg/kubernetes/client.ts'));
  assert.equal(
    files.filter((file) => /^pkg\/(?:postgres|cache|cxone|actions|registry)\//.test(file)),
    [],
  );
  for (const name of ['pg', 'slonik', 'ioredis', 'brakes']) assert.not(packages.includes(name), name);
});

test.run();
