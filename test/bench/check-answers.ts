/**
 * A sample of answers before anything is measured: a variant that answers wrongly is not compared.
 */
import { deepStrictEqual } from 'node:assert';
import { request } from 'undici';
import { createRequestMaker } from './request-maker.ts';
import type { AuditMode, Scenario } from './scenarios.ts';
import type { Variant } from './variants.ts';

const sampleSize = 3;

interface Answer {
  readonly output: { readonly customers: readonly { readonly id: string }[]; readonly count: number };
}

export const checkAnswers = async (variant: Variant, scenario: Scenario, audit: AuditMode): Promise<void> => {
  const maker = createRequestMaker(scenario, audit);
  for (let asked = 0; asked < sampleSize; asked += 1) {
    const signed = maker.next();
    const { customer_ids } = (JSON.parse(signed.body.toString()) as { input: { customer_ids: string[] } }).input;
    const answer = await request(`${variant.url}/data-action`, { method: 'POST', ...signed });
    const { output } = (await answer.body.json()) as Answer;
    deepStrictEqual(
      { status: answer.statusCode, ids: output.customers.map(({ id }) => id), count: output.count },
      { status: 200, ids: customer_ids, count: scenario.batch },
      `${variant.name}, ${scenario.name}, ${audit}`,
    );
  }
};
