/**
 * `cxone-actions openapi`: the description of a tenant's actions that the handler would serve, from its manifest.
 */
import { stringify } from 'yaml';
import { declaredTenant } from '../../pkg/actions/declared-tenant.ts';
import { describeTenant } from '../../pkg/actions/openapi.ts';
import { openApiJson } from '../../pkg/actions/openapi-text.ts';
import { statusOf } from '../../pkg/http/status.ts';
import { parseDataActionConfig } from '../../pkg/tenant/data-action-config.ts';
import type { TenantSpec } from '../../pkg/tenant/spec.ts';
import { defineCommand } from './command.ts';
import { required, UsageError } from './flag.ts';
import { readManifestFiles } from './read-manifest-files.ts';

/** The specs in the file that are good; what is wrong with others is `validate`'s to say. */
const readSpecs = async (file: string): Promise<readonly TenantSpec[]> => {
  const { configs } = await readManifestFiles([file]);
  return configs.flatMap(({ value }) => {
    const config = parseDataActionConfig(value);
    return config.ok ? [config.value.spec] : [];
  });
};

const choose = (specs: readonly TenantSpec[], tenantId: string | undefined): TenantSpec => {
  const chosen = specs.filter((spec) => tenantId === undefined || spec.tenantId === tenantId);
  const [spec] = chosen;
  if (spec === undefined) {
    throw new UsageError('no valid DataActionConfig of this tenant there; `cxone-actions validate` says more');
  }
  if (chosen.length > 1) throw new UsageError('--tenant is required where there are several');
  return spec;
};

export const openapi = defineCommand(
  {
    summary: 'print the OpenAPI document of a tenant',
    usage: '-f FILE [-t ID] [--yaml]',
    about:
      'Prints an OpenAPI 3.1 document: requests, answers, errors and how to sign. Needs no Secrets; the handler serves the same at /openapi/ID on its admin port.',
    flags: {
      manifests: { type: 'string', short: 'f', value: 'FILE', file: true, help: 'manifests, - for standard input' },
      tenant: { type: 'string', short: 't', value: 'ID', help: 'tenant id; may be left out where there is one tenant' },
      server: {
        type: 'string',
        value: 'URL',
        default: 'http://127.0.0.1:8080',
        help: 'where callers reach the service, without /data-action',
      },
      yaml: { type: 'boolean', help: 'print YAML instead of JSON' },
    },
    examples: [
      'cxone-actions openapi -f deploy/examples/quickstart.yaml -t acme --yaml',
      'cxone-actions openapi -f tenant.yaml --server https://actions.example.com > openapi.json',
    ],
  },
  async ({ flags: { manifests, tenant, server, yaml } }) => {
    if (!URL.canParse(server) || !/^https?:/.test(server))
      throw new UsageError('--server: expected http://… or https://…');
    const spec = choose(await readSpecs(required(manifests, 'manifests')), tenant);
    const document = describeTenant(declaredTenant(spec), { statuses: statusOf, server: server.replace(/\/+$/, '') });
    const text = yaml
      ? stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })
      : `${openApiJson(document)}\n`;
    process.stdout.write(text);
    return 0;
  },
);
