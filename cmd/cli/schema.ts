/**
 * `cxone-actions schema`: deploy/sql, applied or printed, for whoever has the image and not the sources. What the chart's Job runs.
 */
import { utf8Text } from '../../pkg/controller/utf8-text.ts';
import { databaseTrouble } from '../../pkg/postgres/database-trouble.ts';
import { hasCertificate } from '../../pkg/process/certificates.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { databaseLimits } from '../../pkg/process/limits.ts';
import { defineCommand } from './command.ts';
import { checkDatabaseUrl } from './database-url.ts';
import { type Flags, UsageError, type Values } from './flag.ts';
import { readBytes } from './read-bytes.ts';

const flags = {
  database: { type: 'string', value: 'URL', help: 'apply it there, with a login that may create tables and roles' },
  'database-file': {
    type: 'string',
    value: 'FILE',
    file: true,
    help: 'or: the URL as content of this file, as a Secret mounts it; space around it does not count',
  },
  'ca-file': {
    type: 'string',
    value: 'FILE',
    file: true,
    help: "PEM of the authority that signed PostgreSQL's certificate",
  },
  'timeout-ms': {
    type: 'string',
    value: 'N',
    whole: { min: 100, max: 3_600_000 },
    default: String(databaseLimits.schemaTimeoutMs),
    help: 'give up after this long, with nothing changed',
  },
  print: { type: 'boolean', help: 'print the SQL instead' },
} as const satisfies Flags;

const checkFlags = ({ database, 'database-file': file, print }: Values<typeof flags>): void => {
  const places = [database, file, print ? 'print' : undefined].filter((place) => place !== undefined);
  if (places.length !== 1) throw new UsageError('--database, --database-file or --print: one of them');
};

/** @throws UsageError, which never holds the URL */
const urlOf = async (given: Values<typeof flags>): Promise<string> => {
  const { database, 'database-file': file } = given;
  const url = database ?? utf8Text(await readBytes(file ?? '', 'database-file'))?.trim() ?? '';
  checkDatabaseUrl(url, database === undefined ? 'database-file' : 'database');
  return url;
};

export const schema = defineCommand(
  {
    summary: 'apply tables and role of the service to a database, or print their SQL',
    usage: '(--database URL | --database-file FILE | --print)',
    about: [
      'Applies deploy/sql: audit log, idempotency keys, the trigger function for the cache, and the role dataactions_service. All of it or nothing; again and again changes nothing.',
      'Exit code 0 when applied, 1 when PostgreSQL refused or could not be reached, 2 for wrong usage.',
    ].join('\n'),
    flags,
    examples: [
      'cxone-actions schema --database "postgres://owner@127.0.0.1/actions"',
      'cxone-actions schema --database-file /run/schema/url --timeout-ms 30000',
      'cxone-actions schema --print',
    ],
  },
  async ({ flags: given }) => {
    checkFlags(given);
    // Drivers take a while to load: the other commands do without.
    const { applySchema, readSchema } = await import('../../pkg/postgres/apply-schema.ts');
    if (given.print) {
      for (const { name, text } of await readSchema()) process.stdout.write(`-- ${name}\n${text}\n`);
      return 0;
    }
    const url = await urlOf(given);
    const { 'ca-file': caFile, 'timeout-ms': timeoutMs } = given;
    const ca = caFile === undefined ? undefined : (await readBytes(caFile, 'ca-file')).toString('utf8');
    if (ca !== undefined && !hasCertificate(ca)) throw new UsageError('--ca-file: expected PEM with a certificate');
    return apply(applySchema, { url, ca, timeoutMs });
  },
);

type Apply = typeof import('../../pkg/postgres/apply-schema.ts')['applySchema'];

/** @returns the exit code */
const apply = async (
  applySchema: Apply,
  options: { readonly url: string; readonly ca: string | undefined; readonly timeoutMs: number },
): Promise<number> => {
  let current: string | undefined;
  const onFile = (name: string): void => {
    current = name;
  };
  try {
    await applySchema({ ...options, clock: systemClock, onFile });
  } catch (error) {
    process.stderr.write(`${current ?? 'PostgreSQL'}: ${databaseTrouble(error)}; nothing was changed\n`);
    return 1;
  }
  process.stdout.write('the schema is applied\n');
  return 0;
};
