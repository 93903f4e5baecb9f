/**
 * Waits until a handler says that it is ready: the configuration is there and the database was reached. For as long as it
 * takes: what it waits for, it logs by itself, and a mended manifest or a database that comes ends the wait.
 */
import { type Clock, sleep } from '../../pkg/process/clock.ts';

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
