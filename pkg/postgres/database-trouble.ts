/** Why a database does not do what it is asked, in words for whoever gave its URL. By codes alone: a driver's text may quote the URL. */
import { AppError } from '../errors/app-error.ts';
import { thrownCode } from '../errors/thrown-code.ts';

const causesMax = 8;

/** Sources: PostgreSQL documentation, appendix "PostgreSQL Error Codes"; Node documentation, "Common system errors". */
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its host has no address',
  EAI_AGAIN: 'its host has no address for now',
  '28P01': 'wrong password',
  '28000': 'the login is refused: no such role, or pg_hba.conf wants another one, another address or TLS',
  '3D000': 'no such database',
  '42501': 'this login may not do it',
  '53300': 'no connection is left for this login',
  '57P03': 'it starts up or shuts down',
};

const wordsFor = (code: string): string | undefined =>
  words[code] ?? (/CERT|UNABLE_TO_/.test(code) ? 'its certificate is not trusted' : undefined);

/** Of whatever an AppError was made of. */
const foreignCode = (error: unknown): string | undefined => {
  let current = error;
  for (let depth = 0; depth < causesMax && current instanceof Error; depth += 1) {
    const code = current instanceof AppError ? undefined : thrownCode(current);
    if (code !== undefined) return code;
    current = current.cause;
  }
  return undefined;
};

/** @returns never a part of the URL */
export const databaseTrouble = (error: unknown): string => {
  const code = foreignCode(error);
  if (code !== undefined) {
    const name = /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? `SQLSTATE ${code}` : code;
    const told = wordsFor(code);
    return told === undefined ? name : `${told} (${name})`;
  }
  if (!(error instanceof AppError)) return 'unexpected error';
  // The driver has no code for it: another protocol, a connection that was closed or said nothing, a server without TLS.
  return error.code === 'database_unavailable'
    ? 'no PostgreSQL answers there, or, where the URL asks for TLS, none with it'
    : error.message;
};
