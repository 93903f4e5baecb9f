/** The `code` of what the system, Node or a driver throws: ENOENT, ERR_TLS_CERT_ALTNAME_INVALID, 28P01. An AppError has one of ours. */
export const thrownCode = (error: unknown): string | undefined => {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : undefined;
};
