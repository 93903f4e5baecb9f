/**
 * `cxone-actions sign`: the headers a caller has to send with a body. The same code as the server's verification.
 */
import { defineCommand } from './command.ts';
import { readBytes } from './read-bytes.ts';
import { loadSigner, signerFlags } from './signer.ts';

export const sign = defineCommand(
  {
    summary: 'print the signature headers for a body',
    usage: '(--manifests FILE --tenant ID | --secret-file FILE) [--body FILE]',
    about: 'Prints the headers, one a line, that a caller sends with the body.',
    flags: {
      body: {
        type: 'string',
        value: 'FILE',
        file: true,
        default: '-',
        help: 'the exact bytes to sign, - for standard input',
      },
      ...signerFlags,
    },
    examples: [
      `printf '{"action":"a","input":{"tenant_id":"acme"}}' | cxone-actions sign -f deploy/examples/quickstart.yaml -t acme`,
      'cxone-actions sign --secret-file webhook.key --body request.json --encoding Base64',
    ],
  },
  async ({ flags }) => {
    const signer = await loadSigner(flags);
    const headers = signer(await readBytes(flags.body), Math.floor(Date.now() / 1_000));
    for (const [name, value] of Object.entries(headers)) process.stdout.write(`${name}: ${value}\n`);
    return 0;
  },
);
