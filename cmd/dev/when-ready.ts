/**
 * Waits until a handler says that it is ready: the configuration is there and the database was reached. For as long as it
 * takes: what it waits for, it logs by itself, and a mended manifest or a database that comes ends the wait.
 */
import { type Clock, sleep } from '../../pkg/process/clock.ts';
import { decodeReport } from '../../pkg/tenant/report.ts';

const pollMs = 50;

/** @param adminUrl  where its `/readyz` is */
export const whenReady = async (adminUrl: string, clock: Clock): Promise<void> => {
  const isReady = () =>
    fetch(`${adminUrl}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) await sleep(clock, pollMs);
};

/** Waits until it serves a tenant. */
export const whenServing = async (adminUrl: string, clock: Clock): Promise<void> => {
  const isServing = async () => {
    const text = await fetch(`${adminUrl}/config`).then(
      (answer) => answer.text(),
      () => '',
    );
    const report = decodeReport(text);
    return report.ok && report.value.tenants.some(({ serving }) => serving);
  };
  while (!(await isServing())) await sleep(clock, pollMs);
};
