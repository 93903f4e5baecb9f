/**
 * An error as the caller sees it: RFC 9457's shape with this service's code. Nothing internal can get in here.
 */
import type { AppError } from '../errors/app-error.ts';
import { errorCodes } from '../errors/codes.ts';

/** @returns JSON text `{type,title,status,code,detail,errors?,requestId}` */
export const problemBody = (error: AppError, status: number, requestId: string): string =>
  JSON.stringify({
    type: `tag:dataactions.dev,2026:${error.code}`,
    title: errorCodes[error.code].title,
    status,
    code: error.code,
    detail: error.publicMessage,
    ...(error.details.length > 0 ? { errors: error.details } : {}),
    requestId,
  });
