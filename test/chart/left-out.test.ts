/**
 * A value that somebody sets to nothing, or a section with all that is in it commented out: Helm takes it away. Either the schema misses it
 * by its name, or what is rendered does without it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { at, chartFolder, listAt, refusalOf, render, whyNoHelm } from '../services/helm.ts';
import { testUnless } from '../services/test-unless.ts';

const testWithHelm = testUnless(whyNoHelm());
const read = (name: string): string => readFileSync(join(chartFolder, name), 'utf8');
const schema: unknown = JSON.parse(read('values.schema.json'));
const values: unknown = parse(read('values.yaml'));

/** Paths of all values that the schema of the chart itself describes, sections included. */
const pathsIn = (value: unknown, rule: unknown, path: readonly string[]): readonly (readonly string[])[] =>
  Object.keys(Object(at(rule, 'properties'))).flatMap((name) => {
    const [inner, own] = [at(value, name), at(at(rule, 'properties'), name)];
    return inner === undefined ? [] : [[...path, name], ...pathsIn(inner, own, [...path, name])];
  });

const isRequired = (path: readonly string[]): boolean => {
  const rule = path.slice(0, -1).reduce<unknown>((each, name) => at(at(each, 'properties'), name), schema);
  return listAt(rule, 'required').includes(path.at(-1));
};

/** `null` at each of the paths. */
const without = (paths: readonly (readonly string[])[]): object => {
  const result: Record<string, unknown> = {};
  for (const path of paths) {
    let place = result;
    for (const name of path.slice(0, -1)) {
      place[name] = place[name] ?? {};
      place = Object(place[name]);
    }
    place[String(path.at(-1))] = null;
  }
  return result;
};

const all = pathsIn(values, schema, []);
const isSection = (path: readonly string[]): boolean =>
  all.some((each) => each.length > path.length && path.every((name, index) => each[index] === name));

testWithHelm('what cannot be left out is missed by its name', () => {
  const required = all.filter(isRequired);
  for (const [depth, least] of [
    [1, 28],
    [2, 70],
    [3, 3],
  ] as const) {
    const some = required.filter(({ length }) => length === depth);
    assert.ok(some.length >= least, String(some.length));
    const said = refusalOf({ values: without(some) });
    for (const path of some) {
      const place = path
        .slice(0, -1)
        .map((name) => `/${name}`)
        .join('');
      const line = said.split('\n').find((each) => each.includes(`at '${place}': missing propert`)) ?? said;
      assert.match(line, `'${path.at(-1)}'`);
    }
  }
});

/** Kubernetes takes these for absent. */
const mayBeNull = ['resources', 'securityContext'];

const nulls = (value: unknown, path: string): readonly string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([name, inner]) =>
        inner === null ? (mayBeNull.includes(name) ? [] : [`${path}.${name}`]) : nulls(inner, `${path}.${name}`),
      );

testWithHelm('all else can be left out at once', () => {
  const optional = all.filter((path) => !isRequired(path) && !isSection(path));
  assert.ok(optional.length > 80, String(optional.length));
  const left = without(optional);
  const resources = { requests: { cpu: '500m' } };
  const keep = {
    handler: { ...Object(at(left, 'handler')), resources },
    schemaJob: { ...Object(at(left, 'schemaJob')), existingSecret: 'owner' },
    tests: { ...Object(at(left, 'tests')), tenantId: 'acme' },
    keda: { ...Object(at(left, 'keda')), triggers: [{ type: 'cpu', metadata: {} }] },
    httpRoute: { ...Object(at(left, 'httpRoute')), parentRefs: [{ name: 'gateway' }] },
  };
  for (const files of [[], ['all-values.yaml'], ['keda-values.yaml'], ['route-values.yaml']]) {
    const manifests = render({ files, values: { ...left, ...keep } });
    assert.equal(
      manifests.flatMap((manifest) => nulls({ ...manifest, status: {} }, manifest.kind)),
      [],
      String(files),
    );
  }
  render({ values: without([['handler', 'resources']]) });
});

test.run();
