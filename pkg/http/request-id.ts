/**
 * The id a request is known by in answers, logs and the audit log: the caller's own if it is fit for all three.
 */
import { randomUUID } from 'node:crypto';
import { requestLimits } from '../process/limits.ts';

const usable = new RegExp(`^[A-Za-z0-9._:-]{1,${requestLimits.requestIdCharactersMax}}$`);

/** @param header  `X-Request-Id` */
export const requestIdOf = (header: string | undefined): string =>
  header !== undefined && usable.test(header) ? header : randomUUID();
