/**
 * What `npm start` prints when everything runs: one signed request, ready to paste, and the CLI's equal; and what is to be done before that
 * where tenants come from an API server.
 */
import { hmacBody } from '../../pkg/webhook/hmac-body.ts';

export interface WelcomeOptions {
  readonly port: number;
  readonly adminPort: number;
  readonly manifests: string;
  readonly secret: string;
  /** What the tenants come from and what to do with it, in one sentence. */
  readonly hint: string;
}

const tenantId = 'acme';
const input = {
  customer_ids: ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000042'],
};

export const welcome = ({ port, adminPort, manifests, secret, hint }: WelcomeOptions): string => {
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

${hint} What runs: http://127.0.0.1:${adminPort}/config, /metrics, /readyz
Ctrl-C stops everything.
`;
};

interface ClusterOptions {
  readonly kubeconfig: string;
  readonly manifests: string;
}

/** Nothing is applied to anybody's cluster unasked. */
export const clusterSteps = ({ kubeconfig, manifests }: ClusterOptions): string => `
Following the DataActionConfigs of ${kubeconfig}. In another terminal:

  export KUBECONFIG=${kubeconfig}
  kubectl apply --server-side -f deploy/crds/
  kubectl apply -f ${manifests}
  kubectl get dac
`;
