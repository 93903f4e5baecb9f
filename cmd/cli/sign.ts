/**
 * `cxone-actions sign`: the headers a caller has to send with a body. The same code as the server's verification.
 */
import { type Command, readFlags } from './command.ts';
import { readBytes } from './read-bytes.ts';
import { loadSigner, signerFlags, signerHelp } from './signer.ts';

export const sign: Command = {
  summary: 'print the signature headers for a body',
  help: `Usage: cxone-actions sign (--manifests FILE --tenant ID | --secret-file FILE) [--body FILE]

Prints the headers, one a line, that a caller sends with the body.

      --body FILE         the exact bytes to sign; default - (standard input)

${signerHelp}

Examples:
  printf '{"action":"a","input":{"tenant_id":"acme"}}' | cxone-actions sign -f deploy/examples/quickstart.yaml -t acme
  cxone-actions sign --secret-file webhook.key --body request.json --encoding Base64
`,
  run: async (args) => {
    const flags = readFlags(args, { ...signerFlags, body: { type: 'string' } });
    const signer = await loadSigner(flags);
    const headers = signer(await readBytes(flags.body ?? '-', 'body'), Math.floor(Date.now() / 1_000));
    for (const [name, value] of Object.entries(headers)) process.stdout.write(`${name}: ${value}\n`);
    return 0;
  },
};
