import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createLatency } from './latency.ts';

test('percentiles to three digits, the largest exactly', () => {
  const latency = createLatency();
  for (let ms = 1_000; ms >= 1; ms -= 1) latency.record(ms);
  latency.record(12_345.678);
  const { count, p50, p90, p99, max } = latency.figures();
  assert.is(count, 1_001);
  assert.ok(Math.abs(p50 - 501) < 1, `${p50}`);
  assert.ok(Math.abs(p90 - 901) < 1, `${p90}`);
  assert.ok(Math.abs(p99 - 991) < 1, `${p99}`);
  assert.is(max, 12_345.678);
});

test('nothing recorded is all zero; one value is every percentile', () => {
  const latency = createLatency();
  assert.equal(latency.figures(), { count: 0, p50: 0, p90: 0, p99: 0, max: 0 });
  latency.record(10);
  assert.equal(latency.figures(), { count: 1, p50: 10, p90: 10, p99: 10, max: 10 });
});

test('no duration is too short or too long', () => {
  const latency = createLatency();
  for (const ms of [0, 1e-9, 1e12]) latency.record(ms);
  const { count, max } = latency.figures();
  assert.equal([count, max], [3, 3_600_000]);
});

test.run();
