/**
 * What `npm start` prints when everything runs: one signed request, ready to paste, and the CLI's equal.
 */
import { hmacBody } from '../../pkg/webhook/hmac-body.ts';

interface WelcomeOptions {
  readonly port: number;
  readonly adminPort: number;
  readonly manifests: string;
  readonly secret: string;
}

const tenantId = 'acme';
const input = {
  customer_ids: ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000042'],
};

export const welcome = ({ port, adminPort, manifests, secret }: WelcomeOptions): string => {
  const url = `http://127.0.0.1:${port}`;
  const body = JSON.stringify({ action: 'process_customer_batch', input: { tenant_id: tenantId, ...input } });
  const options = { header: 'X-CXone-Signature', encoding: 'Hex', toleranceSeconds: 300 } as const;
  const [header] = Object.entries(hmacBody.sign(options, secret, Buffer.from(body), 0));
  return `
Ready. Ask it something:

  curl -sS ${url}/data-action -H 'Content-Type: application/json' \\
    -H '${header?.join(': ')}' \\
    -d '${body}'

The same with the CLI, which signs for you:

  npm run -s cxone-actions -- send --url ${url} --manifests ${manifests} --tenant ${tenantId} \\
    --action process_customer_batch --input '${JSON.stringify(input)}'

Edit ${manifests} and it takes effect at once. What runs: http://127.0.0.1:${adminPort}/config, /metrics, /readyz
Ctrl-C stops everything.
`;
};
