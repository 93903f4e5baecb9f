/**
 * What `npm start` prints when everything runs: one signed request, ready to paste, and the CLI's equal; and what is to be done before that
 * where tenants come from an API server.
 */
import { decide } from '../../pkg/controller/decide.ts';
import { readManifests } from '../../pkg/controller/read-manifests.ts';
import { hmacKey } from '../../pkg/webhook/hmac.ts';
import { hmacBody } from '../../pkg/webhook/hmac-body.ts';

export interface WelcomeOptions {
  readonly url: string;
  readonly adminUrl: string;
  readonly manifests: string;
  /** Of the example's tenant, whose scheme is HmacBody; undefined where the manifests have another one or none. */
  readonly secret: string | undefined;
  /** What the tenants come from and what to do with it, in one sentence. */
  readonly hint: string;
}

const tenantId = 'acme';
const action = 'process_customer_batch';
const options = { header: 'X-CXone-Signature', encoding: 'Hex', toleranceSeconds: 300 } as const;
const input = {
  customer_ids: ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000042'],
};

const cli = 'npm run -s cxone-actions --';

/** For tenants that only their author knows. */
const anyRequest = (url: string, manifests: string): string => `
Ready at ${url}/data-action. The CLI signs for you:

  ${cli} send --url ${url} --manifests ${manifests} --tenant ID --action NAME --input JSON
`;

const exampleRequest = (url: string, manifests: string, secret: string): string => {
  const body = JSON.stringify({ action, input: { tenant_id: tenantId, ...input } });
  const [header] = Object.entries(hmacBody.sign(options, hmacKey(secret), Buffer.from(body), 0));
  return `
Ready. Ask it something:

  curl -sS ${url}/data-action -H 'Content-Type: application/json' \\
    -H '${header?.join(': ')}' \\
    -d '${body}'

The same with the CLI, which signs for you:

  ${cli} send --url ${url} --manifests ${manifests} --tenant ${tenantId} \\
    --action ${action} --input '${JSON.stringify(input)}'
`;
};

export const welcome = ({
  url,
  adminUrl,
  manifests,
  secret,
  hint,
}: WelcomeOptions): string => `${secret === undefined ? anyRequest(url, manifests) : exampleRequest(url, manifests, secret)}
${hint} What runs: ${adminUrl}/config, /metrics, /readyz
Ctrl-C stops everything.
`;

/** @returns the key that signs the example's request, where these manifests have its tenant and action */
export const exampleSecret = (yaml: string): string | undefined => {
  const manifests = readManifests(yaml, '');
  const tenants = manifests.ok ? decide(manifests.value, []).tenants : [];
  const tenant = tenants.find((each) => each.tenantId === tenantId && !each.suspend);
  if (tenant?.webhook.scheme !== 'HmacBody' || !tenant.actions.some(({ name }) => name === action)) return undefined;
  const { header, encoding, keys } = tenant.webhook;
  if (header !== options.header || encoding !== options.encoding) return undefined;
  return Buffer.from(keys[0] ?? '', 'base64').toString();
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
