/**
 * `cxone-actions send`: signs a data action and posts it, as a Studio script would.
 */
import { request } from 'undici';
import { idempotencyKeyForm, isIdempotencyKey } from '../../pkg/actions/idempotency-key.ts';
import { thrownCode } from '../../pkg/errors/thrown-code.ts';
import { cliLimits } from '../../pkg/process/cli-limits.ts';
import { requestLimits } from '../../pkg/process/limits.ts';
import { defineCommand } from './command.ts';
import { endpoint } from './endpoint.ts';
import { required, UsageError } from './flag.ts';
import { jsonObject } from './json-object.ts';
import { readAtMost } from './read-at-most.ts';
import { readBytes } from './read-bytes.ts';
import { loadSigner, messageFlags, signerFlags } from './signer.ts';

/** The caller waits no longer. */
const timeoutMsMax = requestLimits.callerWaitMsMax;

interface BodyFlags {
  readonly body?: string | undefined;
  readonly action?: string | undefined;
  readonly input?: string | undefined;
  readonly context?: string | undefined;
  readonly tenant?: string | undefined;
}

const bodyOf = async (flags: BodyFlags): Promise<Buffer> => {
  if (flags.body !== undefined) {
    const beside = (['action', 'input', 'context'] as const).find((name) => flags[name] !== undefined);
    if (beside !== undefined) throw new UsageError(`--${beside}: not with --body, where it stands in the file`);
    return readBytes(flags.body, 'body');
  }
  const input = jsonObject(required(flags.input, 'input'), 'input');
  if ('tenant_id' in input) throw new UsageError('--input: --tenant gives tenant_id');
  return Buffer.from(
    JSON.stringify({
      action: required(flags.action, 'action'),
      input: { tenant_id: required(flags.tenant, 'tenant'), ...input },
      ...(flags.context === undefined ? {} : { context: jsonObject(flags.context, 'context') }),
    }),
  );
};

/** As the service has it: other text may not even be a header. */
const checkIdempotencyKey = (key: string | undefined): void => {
  if (key === undefined || isIdempotencyKey(key)) return;
  throw new UsageError(`--idempotency-key: expected ${idempotencyKeyForm}`);
};

export const send = defineCommand(
  {
    summary: 'sign a data action, post it and print the answer',
    usage: '--url URL (--action NAME --input JSON | --body FILE) (--manifests FILE --tenant ID | --secret-file FILE)',
    about: "Prints the answer's body. Exit code 0 for status 200, 1 for any other or none.",
    flags: {
      url: { type: 'string', value: 'URL', help: 'of the service; /data-action is added when it has no path' },
      action: { type: 'string', value: 'NAME', help: 'action to call' },
      input: { type: 'string', value: 'JSON', help: 'its input without tenant_id, which --tenant gives' },
      context: { type: 'string', value: 'JSON', help: 'context of the request' },
      body: { type: 'string', value: 'FILE', file: true, help: 'or: these bytes as they are, - for standard input' },
      'idempotency-key': { type: 'string', value: 'KEY', help: 'of a transaction: the same in every repeat' },
      'timeout-ms': {
        type: 'string',
        value: 'N',
        whole: { min: 1, max: timeoutMsMax },
        default: String(timeoutMsMax),
        help: "give up after this long; no more than the caller's own bound",
      },
      include: { type: 'boolean', short: 'i', help: 'print status and headers too' },
      ...signerFlags,
      ...messageFlags,
    },
    examples: [
      `cxone-actions send --url http://127.0.0.1:8080 -f deploy/examples/quickstart.yaml -t acme \\
    --action process_customer_batch --input '{"customer_ids":["00000000-0000-4000-8000-000000000001"]}'`,
      `cxone-actions send --url http://127.0.0.1:8080 -f deploy/examples/quickstart.yaml -t acme --idempotency-key call-4711 \\
    --action set_customer_status --input '{"customer_ids":["00000000-0000-4000-8000-000000000001"],"status":"blocked"}'`,
      'cxone-actions send --url https://actions.example --secret-file webhook.key --body request.json --include',
    ],
  },
  async ({ flags }) => {
    const url = endpoint(required(flags.url, 'url'));
    checkIdempotencyKey(flags['idempotency-key']);
    const signer = await loadSigner(flags);
    const body = await bodyOf(flags);
    try {
      const answer = await request(url, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          ...(flags['idempotency-key'] === undefined ? {} : { 'Idempotency-Key': flags['idempotency-key'] }),
          ...signer(body, Math.floor(Date.now() / 1_000)),
        },
        body,
        signal: AbortSignal.timeout(flags['timeout-ms']),
      });
      const text = await readAtMost(answer.body, cliLimits.answerBytesMax);
      if (!text) {
        process.stderr.write(`${url.origin}: an answer longer than ${cliLimits.answerBytesMax} bytes\n`);
        return 1;
      }
      if (flags.include) {
        const headers = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}\n`);
        process.stdout.write(`HTTP ${answer.statusCode}\n${headers.join('')}\n`);
      }
      process.stdout.write(`${text.toString('utf8')}\n`);
      return answer.statusCode === 200 ? 0 : 1;
    } catch (error) {
      process.stderr.write(`${url.origin}: ${thrownCode(error) ?? 'no answer'}\n`);
      return 1;
    }
  },
);
