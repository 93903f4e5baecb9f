/** Sizes that could never work are refused with a sentence; those that just do are taken. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { handlerSettings } from '../../pkg/process/settings.ts';
import { chartFolder, refusalOf, render, whyNoHelm } from '../services/helm.ts';
import { testUnless } from '../services/test-unless.ts';

const testWithHelm = testUnless(whyNoHelm());

const sentences: readonly (readonly [title: string, values: object, sentence: RegExp])[] = [
  [
    'a pool whose least is more than its most',
    { handler: { settings: { DATABASE_POOL_MAX: 4 } } },
    /DATABASE_POOL_MIN is 5 and has to be at most DATABASE_POOL_MAX, which is 4/,
  ],
  [
    'the same by the environment',
    { handler: { extraEnv: [{ name: 'DATABASE_POOL_MIN', value: '26' }] } },
    /DATABASE_POOL_MIN is 26 and has to be at most DATABASE_POOL_MAX, which is 25/,
  ],
  [
    'a body larger than all of them',
    { handler: { settings: { BODY_BYTES_IN_FLIGHT_MAX: 2_048 } } },
    /BODY_BYTES_MAX is 65536 and has to be at most BODY_BYTES_IN_FLIGHT_MAX, which is 2048/,
  ],
  [
    'a cache larger than the heap that it is in',
    { handler: { settings: { MEMORY_CACHE_BYTES: 2 ** 29 } } },
    /MEMORY_CACHE_BYTES is 536870912, and the heap that it is in has 375809638/,
  ],
  [
    'a heap too small for the cache',
    { handler: { resources: { limits: { memory: '0.09G' } } } },
    /MEMORY_CACHE_BYTES is 67108864, and the heap that it is in has 63000000/,
  ],
  [
    'a Redis that is killed before it is full',
    { redis: { maxMemoryMegabytes: 1_024, resources: { limits: { memory: '1Gi' } } } },
    /redis\.resources\.limits\.memory is 1Gi and has to be more than redis\.maxMemoryMegabytes, which is 1024/,
  ],
  [
    'a target above the core that a handler uses',
    { autoscaling: { enabled: true }, handler: { resources: { requests: { cpu: 1 } } } },
    /targetCPUUtilization is 130 and has to be at most 90: a handler uses 1000m at most/,
  ],
  [
    'a target above what a handler may use',
    { autoscaling: { enabled: true }, handler: { resources: { limits: { cpu: '500m' } } } },
    /targetCPUUtilization is 130 and has to be at most 90: a handler uses 500m at most/,
  ],
];

for (const [title, values, sentence] of sentences) {
  testWithHelm(`refused with a sentence: ${title}`, () => assert.match(refusalOf({ values }), sentence));
}

testWithHelm('sizes that just fit are taken', () => {
  const { DATABASE_POOL_MIN, BODY_BYTES_MAX } = handlerSettings;
  const settings = {
    DATABASE_POOL_MAX: Number(DATABASE_POOL_MIN.default),
    BODY_BYTES_IN_FLIGHT_MAX: Number(BODY_BYTES_MAX.default),
    MEMORY_CACHE_BYTES: 2 ** 28,
  };
  const redis = { maxMemoryMegabytes: 1_024, resources: { limits: { memory: '1025Mi' } } };
  render({ values: { handler: { settings, resources: { limits: { memory: null } } }, redis } });
  const scaled = (targetCPUUtilization: number, resources: object, extraMetrics: readonly object[] = []) =>
    render({ values: { autoscaling: { enabled: true, targetCPUUtilization, extraMetrics }, handler: { resources } } });
  scaled(90, { requests: { cpu: 1 } });
  scaled(130, { limits: { cpu: 4 } });
  scaled(181, { requests: { cpu: '0.5' }, limits: { cpu: '1000m' } });
  scaled(1_000, {}, [{ type: 'External', external: { metric: { name: 'calls' } } }]);
  const from = { configMapKeyRef: { name: 'sizes', key: 'most' } };
  const extraEnv = [{ name: 'DATABASE_POOL_MAX', valueFrom: from }];
  render({ values: { handler: { settings: { DATABASE_POOL_MIN: 50 }, extraEnv } } });
});

testWithHelm('sizes are compared with the defaults of the code', () => {
  const template = readFileSync(join(chartFolder, 'templates/_sizes.tpl'), 'utf8');
  const said = [...template.matchAll(/"([A-Z_]{2,})" "(\d+)"/g)].map(([, name = '', value]) => [name, value]);
  assert.is(said.length, 5);
  const table: Readonly<Record<string, { readonly default: unknown }>> = handlerSettings;
  for (const [name = '', value] of said) assert.is(table[name]?.default, value, name);
});

test.run();
