/**
 * `cxone-actions send`: signs a data action and posts it, as a Studio script would.
 */
import { request } from 'undici';
import { type Command, readFlags, required, UsageError } from './command.ts';
import { readBytes } from './read-bytes.ts';
import { loadSigner, signerFlags, signerHelp } from './signer.ts';

const flagTypes = {
  ...signerFlags,
  url: { type: 'string' },
  action: { type: 'string' },
  input: { type: 'string' },
  context: { type: 'string' },
  body: { type: 'string' },
  'timeout-ms': { type: 'string' },
  include: { type: 'boolean', short: 'i' },
} as const;

const timeoutMsMax = 90_000;

const jsonObject = (text: string, flag: string): object => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Falls through to the one message for all of it.
  }
  throw new UsageError(`--${flag}: expected a JSON object`);
};

interface BodyFlags {
  readonly body?: string | undefined;
  readonly action?: string | undefined;
  readonly input?: string | undefined;
  readonly context?: string | undefined;
  readonly tenant?: string | undefined;
}

const bodyOf = async (flags: BodyFlags): Promise<Buffer> => {
  if (flags.body !== undefined) return readBytes(flags.body, 'body');
  const input = jsonObject(required(flags.input, 'input'), 'input');
  return Buffer.from(
    JSON.stringify({
      action: required(flags.action, 'action'),
      input: { tenant_id: required(flags.tenant, 'tenant'), ...input },
      ...(flags.context === undefined ? {} : { context: jsonObject(flags.context, 'context') }),
    }),
  );
};

const timeoutOf = (text: string): number => {
  const ms = Number(text);
  if (!/^\d+$/.test(text) || ms < 1 || ms > timeoutMsMax) {
    throw new UsageError(`--timeout-ms: expected a whole number from 1 to ${timeoutMsMax}`);
  }
  return ms;
};

const endpoint = (url: string): URL => {
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw new UsageError('--url: expected http://… or https://…');
  const parsed = new URL(url);
  if (parsed.pathname === '/') parsed.pathname = '/data-action';
  return parsed;
};

const reasonOf = (error: unknown): string => {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : 'no answer';
};

export const send: Command = {
  summary: 'sign a data action, post it and print the answer',
  help: `Usage: cxone-actions send --url URL (--action NAME --input JSON | --body FILE) (--manifests FILE --tenant ID | --secret-file FILE)

Prints the answer's body. Exit code 0 for status 200, 1 for any other or none.

      --url URL           of the service; /data-action is added when it has no path
      --action NAME       action to call
      --input JSON        its input without tenant_id, which --tenant gives
      --context JSON      context of the request
      --body FILE         or: these bytes as they are, - for standard input
      --timeout-ms N      give up after this long; default 90000, the caller's own bound
  -i, --include           print status and headers too

${signerHelp}

Example:
  cxone-actions send --url http://127.0.0.1:8080 -f deploy/examples/quickstart.yaml -t acme \\
    --action process_customer_batch --input '{"customer_ids":["00000000-0000-4000-8000-000000000001"]}'
`,
  run: async (args) => {
    const flags = readFlags(args, flagTypes);
    const url = endpoint(required(flags.url, 'url'));
    const timeoutMs = timeoutOf(flags['timeout-ms'] ?? String(timeoutMsMax));
    const signer = await loadSigner(flags);
    const body = await bodyOf(flags);
    try {
      const answer = await request(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...signer(body, Math.floor(Date.now() / 1_000)) },
        body,
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await answer.body.text();
      if (flags.include) {
        const headers = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}\n`);
        process.stdout.write(`HTTP ${answer.statusCode}\n${headers.join('')}\n`);
      }
      process.stdout.write(`${text}\n`);
      return answer.statusCode === 200 ? 0 : 1;
    } catch (error) {
      process.stderr.write(`${url.origin}: ${reasonOf(error)}\n`);
      return 1;
    }
  },
};
