/**
 * Texts that must not come out where they have no business: planted in secrets, bodies, rows and statements, then looked for
 * in everything a process writes and serves.
 */
import * as assert from 'uvu/assert';
import type { Answer, TestHandler } from './handler.ts';

export interface Canaries {
  /** A new one, usable as a password, a name in SQL, a JSON key, a header. */
  plant(where: string): string;
  /** @throws when one of them, plain or encoded, is in the text */
  assertAbsent(text: string, where: string): void;
  /** Of everything the handler has written, and its admin pages now. */
  assertSilent(handler: TestHandler): Promise<void>;
}

const adminPages = ['/livez', '/startupz', '/readyz', '/metrics', '/config', '/openapi', '/openapi/acme', '/nothing'];

/** Of an answer: headers and body. */
export const everythingOf = ({ headers, text }: Answer): string => `${JSON.stringify(headers)}\n${text}`;

export const createCanaries = (): Canaries => {
  const planted: string[] = [];

  const formsOf = (canary: string): readonly string[] => {
    const bytes = Buffer.from(canary);
    // The base64 of it amid other bytes differs at both ends.
    const amid = [0, 1, 2].map((shift) =>
      Buffer.concat([Buffer.alloc(shift), bytes])
        .toString('base64')
        .slice(4, -4),
    );
    return [canary, bytes.toString('hex'), encodeURIComponent(canary), ...amid];
  };

  const assertAbsent: Canaries['assertAbsent'] = (text, where) => {
    const lower = text.toLowerCase();
    for (const canary of planted) {
      const found = formsOf(canary).find((form) => lower.includes(form.toLowerCase()));
      if (found === undefined) continue;
      const at = lower.indexOf(found.toLowerCase());
      assert.unreachable(`${where} shows ${canary}: …${text.slice(Math.max(0, at - 200), at + found.length + 50)}…`);
    }
  };

  return {
    plant: (where) => {
      const canary = `canary_${where}_${Math.random().toString(36).slice(2, 10)}`;
      planted.push(canary);
      return canary;
    },
    assertAbsent,
    assertSilent: async (handler) => {
      assertAbsent(handler.output(), 'the log');
      for (const page of adminPages) assertAbsent(everythingOf(await handler.admin(page)), page);
      const open = await fetch(`${handler.adminUrl}/metrics`, { headers: { accept: 'application/openmetrics-text' } });
      assertAbsent(await open.text(), 'OpenMetrics');
    },
  };
};
