import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError } from '../../pkg/errors/app-error.ts';
import type { RequestSummary } from '../../pkg/http/data-action.ts';
import { createLogger, type LogLevel } from '../../pkg/telemetry/logger.ts';
import { createMetrics } from '../../pkg/telemetry/metrics.ts';
import { createObserver, type Observer } from './observe.ts';

const answered: RequestSummary = {
  requestId: 'r-1',
  traceId: undefined,
  tenantId: 'acme',
  tenantLabel: 'other',
  action: 'get',
  actionKind: 'lookup',
  status: 200,
  code: undefined,
  durationMs: 1.5,
  source: 'memory',
  abandoned: undefined,
  error: undefined,
};

const tell = async (level: LogLevel, what: (observer: Observer) => void) => {
  const lines: string[] = [];
  const metrics = createMetrics({ processMetrics: false });
  what(createObserver(metrics, createLogger(level, { write: (line) => void lines.push(line) })));
  const { text } = await metrics.scrape(false);
  const [line] = lines.map((one): Record<string, unknown> => JSON.parse(one));
  return { line, text };
};

/** What is logged of a request, and whether it was counted. */
const observe = async (level: LogLevel, summary: RequestSummary) => {
  const { line, text } = await tell(level, (observer) => observer.requestAnswered(summary));
  return { line, counted: text.includes(`requests_total{tenant_id="other",status="${summary.status}"} 1`) };
};

const failedWith = (code: 'database_unavailable' | 'invalid_request', status: number): RequestSummary => ({
  ...answered,
  status,
  code,
  error: new AppError(code),
});

test('an answer is one line at info, with what an operator looks for and no more', async () => {
  const { line, counted } = await observe('info', answered);
  const { time, ...fields } = line ?? {};
  assert.type(time, 'string');
  assert.equal(fields, {
    level: 'info',
    requestId: 'r-1',
    tenantId: 'acme',
    action: 'get',
    status: 200,
    durationMs: 1.5,
    source: 'memory',
    msg: 'request answered',
  });
  assert.ok(counted);
});

test('above info answers and refusals are counted and not logged, failures are both', async () => {
  assert.equal(await observe('warn', answered), { line: undefined, counted: true });
  assert.equal(await observe('warn', failedWith('invalid_request', 400)), { line: undefined, counted: true });
  const { line, counted } = await observe('warn', failedWith('database_unavailable', 503));
  assert.is(line?.msg, 'request failed');
  assert.is(line?.code, 'database_unavailable');
  assert.ok(counted);
});

const shedReasons = async (summary: Partial<RequestSummary>): Promise<readonly string[]> => {
  const metrics = createMetrics({ processMetrics: false });
  const logger = createLogger('silent');
  createObserver(metrics, logger).requestAnswered({ ...answered, status: 503, ...summary });
  const { text } = await metrics.scrape(false);
  return [...text.matchAll(/shed_total\{reason="(\w+)"\} 1/g)].map(([, reason = '']) => reason);
};

test('whoever was refused for load behind the gate is counted, wherever that was', async () => {
  const cause = Object.assign(new Error('deadlock'), { code: '40P01' });
  for (const [code, error, reason] of [
    ['overloaded', new AppError('overloaded'), ['queue']],
    ['overloaded', new AppError('overloaded', { cause }), ['contended']],
    ['rate_limited', new AppError('rate_limited'), ['rate_limited']],
    ['too_many_concurrent', new AppError('too_many_concurrent'), ['too_many_concurrent']],
    ['database_unavailable', new AppError('database_unavailable'), []],
  ] as const)
    assert.equal(await shedReasons({ code, error }), reason, code);
  // The gate has counted these.
  assert.equal(await shedReasons({ code: 'overloaded', error: new AppError('overloaded'), actionKind: undefined }), []);
});

test('who left before the answer is counted beside it, and its line says so', async () => {
  const { line, text } = await tell('info', (observer) => observer.requestAnswered({ ...answered, abandoned: true }));
  assert.equal([line?.msg, line?.abandoned], ['request answered', true]);
  assert.match(text, 'requests_abandoned_total{stage="answer"} 1');
  assert.match(text, 'requests_total{tenant_id="other",status="200"} 1');
  assert.match(text, 'request_duration_seconds_count{action_kind="lookup",status="200"} 1');
});

test('who left in its body is counted as nothing else, and has a line', async () => {
  const { line, text } = await tell('info', (observer) =>
    observer.requestAbandoned({ requestId: 'r-1', traceId: undefined, durationMs: 20 }),
  );
  const { time: _, ...fields } = line ?? {};
  assert.equal(fields, { level: 'info', requestId: 'r-1', durationMs: 20, abandoned: true, msg: 'request abandoned' });
  assert.match(text, 'requests_abandoned_total{stage="body"} 1');
  assert.not.match(text, 'requests_total{');
});

test('a policy of Redis is a warning when it is wrong at first or otherwise than before, and never when it is right', async () => {
  const policies: unknown[] = [];
  const metrics = createMetrics({ processMetrics: false });
  const logger = createLogger('info', { write: (line) => void policies.push(JSON.parse(line).policy) });
  const observer = createObserver(metrics, logger);
  const heard: string[] = [];
  for (const policy of ['noeviction', 'noeviction', 'unknown', 'allkeys-lru', 'allkeys-lru', 'noeviction']) {
    observer.redisPolicy(policy);
    heard.push(/^cxone_dataaction_redis_policy_ok (\d)$/m.exec((await metrics.scrape(false)).text)?.[1] ?? 'none');
  }
  assert.equal(policies, ['noeviction', 'unknown', 'noeviction']);
  assert.equal(heard, ['0', '0', '0', '1', '1', '0']);
});

test.run();
