/** A flag whose value is the URL of a database, by the rules of DATABASE_URL. */
import { postgresUrl } from '../../pkg/process/setting.ts';
import { UsageError } from './flag.ts';

const form = postgresUrl('');

/** @throws UsageError, which never holds the URL */
export const checkDatabaseUrl = (url: string, flag: string): void => {
  if (form.parse(url) === undefined) throw new UsageError(`--${flag}: expected ${form.expected}`);
};
