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
import { serviceUrl } from './endpoint.ts';
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

const choose = async (file: string, tenantId: string | undefined): Promise<TenantSpec> => {
  const specs = await readSpecs(file);
  const [spec, another] = specs.filter((each) => tenantId === undefined || each.tenantId === tenantId);
  const more = `\`cxone-actions validate -f ${file}\` says more`;
  if (spec === undefined && tenantId !== undefined && specs.length > 0) {
    throw new UsageError(`--tenant: no valid DataActionConfig of this tenant in ${file}; ${more}`);
  }
  if (spec === undefined) throw new UsageError(`--manifests ${file}: no valid DataActionConfig there; ${more}`);
  if (!another) return spec;
  throw new UsageError(
    tenantId === undefined
      ? `--tenant is required: there are several in ${file}`
      : `--tenant: several DataActionConfigs of this tenant in ${file}; ${more}`,
  );
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
    serviceUrl(server, 'server');
    const spec = await choose(required(manifests, 'manifests'), tenant);
    const document = describeTenant(declaredTenant(spec), { statuses: statusOf, server: server.replace(/\/+$/, '') });
    const text = yaml
      ? stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })
      : `${openApiJson(document)}\n`;
    process.stdout.write(text);
    return 0;
  },
);
