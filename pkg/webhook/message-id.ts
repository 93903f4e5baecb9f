/**
 * A message's own name, for the schemes whose callers send one: the same in every repeat, so it can tell repeats apart.
 */
import { randomUUID } from 'node:crypto';
import { webhookLimits } from '../process/limits.ts';

const visibleAscii = new RegExp(`^[\\x21-\\x7e]{1,${webhookLimits.messageIdCharactersMax}}$`);

/** Repeated headers are joined by `, `, whose space is in no message id. */
export const isMessageId = (text: string): boolean => visibleAscii.test(text);

/** As a caller would make one up. */
export const createMessageId = (): string => `msg_${randomUUID()}`;
