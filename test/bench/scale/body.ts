/**
 * Bodies from 1 to 64 KiB, which is as long as BODY_BYTES_MAX lets them be: what reading, verifying, parsing and checking them costs.
 *
 * What grows is `context`, to its own bounds (32 entries, keys of 64, values of 1,024 characters): in letters of two bytes, or it would end at
 * half of that. The ids stay ten, all of them in memory, so the answer is the same. With EveryRequest the context goes into the audit row, too.
 * The same 100 bodies come over and over. One run of each size.
 */

import { customerIdOf } from '../customer-ids.ts';
import type { LoadFigures } from '../measure-load.ts';
import { type RequestMaker, signedRequest } from '../request-maker.ts';
import { type AuditMode, auditModes, tenantIdOf } from '../scenarios.ts';
import { linesOf } from '../tables.ts';
import type { Bench, Curve } from './curve.ts';

interface BodyRow extends LoadFigures {
  readonly audit: AuditMode;
  readonly kib: number;
}

const sizes = [1, 2, 4, 8, 16, 32, 64];
const [keyCharacters, valueCharacters, entriesMax] = [64, 1_024, 32];
/** `"":"",` */
const entryPunctuation = 6;
const letter = 'é';
const letterBytes = Buffer.byteLength(letter);
const callers = 32;
const batch = 10;
const distinct = 100;

const contentOf = (tenantId: string, context: object) => ({
  action: 'process_customer_batch',
  input: { tenant_id: tenantId, customer_ids: Array.from({ length: batch }, (_, n) => customerIdOf(n + 1)) },
  context,
});

/** @returns a context with which the body has so many bytes, or one less */
const contextFor = (tenantId: string, contact: string, bytes: number): Readonly<Record<string, string>> => {
  const context: Record<string, string> = { contact_id: contact };
  let left = bytes - Buffer.byteLength(JSON.stringify(contentOf(tenantId, context)));
  for (let n = 1; n < entriesMax && left > keyCharacters + entryPunctuation; n += 1) {
    const letters = Math.min(valueCharacters, Math.floor((left - keyCharacters - entryPunctuation) / letterBytes));
    context[`note-${n}`.padEnd(keyCharacters, '-')] = letter.repeat(letters);
    left -= keyCharacters + entryPunctuation + letters * letterBytes;
  }
  return context;
};

const createMaker = (tenantId: string, bytes: number): RequestMaker => {
  let made = 0;
  return {
    next: () => {
      made += 1;
      return signedRequest(tenantId, contentOf(tenantId, contextFor(tenantId, String(made).padStart(6, '0'), bytes)));
    },
  };
};

const measureBodies = async ({ startService, measureLoad, seconds }: Bench): Promise<readonly BodyRow[]> => {
  const service = await startService();
  const cases = auditModes.flatMap((audit) => sizes.map((kib) => ({ audit, kib, runs: [] as LoadFigures[] })));
  const run = ({ audit, kib }: (typeof cases)[number], seconds: number): Promise<LoadFigures> => {
    const maker = createMaker(tenantIdOf('warm', audit), kib * 1_024);
    return measureLoad({ variant: service, maker, callers, seconds, kind: 'body', firstGuess: 0, distinct });
  };
  for (const [n, one] of cases.entries()) if (n % sizes.length === 0) await run(one, 2);
  const rows: BodyRow[] = [];
  for (const one of cases) rows.push({ ...one, ...(await run(one, seconds)) });
  await service.stop();
  return rows;
};

const seriesOf = (rows: readonly BodyRow[], name: string, figure: (row: BodyRow) => number) =>
  auditModes.map((audit) => ({
    name: `${name}${audit}`,
    points: rows.filter((row) => row.audit === audit).map((row) => [row.kib, figure(row)] as const),
  }));

const x = { title: 'body, KiB', scale: 'log2' } as const;

export const body: Curve<BodyRow> = {
  name: 'body',
  measure: measureBodies,
  table: (rows) =>
    linesOf(
      [
        ['audit', -15, ({ audit }) => audit],
        ['KiB', 5, ({ kib }) => String(kib)],
        ['requests/s', 12, ({ requestsPerSecond }) => requestsPerSecond.toFixed(0)],
        ['p99 ms', 9, ({ p99Ms }) => p99Ms.toFixed(2)],
        ['service µs', 12, ({ serviceUs }) => serviceUs.toFixed(0)],
        ['postgres µs', 13, ({ postgresUs }) => postgresUs.toFixed(0)],
        ['failed', 8, ({ failed }) => failed.toFixed(0)],
      ],
      rows,
    ).join('\n'),
  plots: (rows) => ({
    'body-cpu': {
      title: 'CPU by the length of the body (warm, 10 ids, 32 callers)',
      x,
      y: { title: 'µs for each request', scale: 'linear' },
      series: [
        ...seriesOf(rows, 'service, ', ({ serviceUs }) => serviceUs),
        ...seriesOf(rows, 'PostgreSQL, ', ({ postgresUs }) => postgresUs).slice(0, 1),
      ],
    },
    'body-rate': {
      title: 'Requests/s by the length of the body (warm, 10 ids, 32 callers)',
      x,
      y: { title: 'requests/s', scale: 'linear' },
      series: seriesOf(rows, '', ({ requestsPerSecond }) => requestsPerSecond),
    },
  }),
};
