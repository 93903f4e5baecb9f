/** Files that are made from others, so that nothing is written twice: `npm run chart` writes them, a test compares. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chartFolder, renderText } from '../services/helm.ts';
import { crdFile } from '../services/kube-crd.ts';
import { withValueTable } from './value-table.ts';

export interface MadeFile {
  readonly path: string;
  /** Of Helm, which may not be there. */
  readonly needsHelm: boolean;
  make(): string;
}

const read = (path: string): string => readFileSync(path, 'utf8');
const inChart = (name: string): string => join(chartFolder, name);

export const kustomizeFolder = join(import.meta.dirname, '../../deploy/kustomize');

/** Helm's own words have no place in plain manifests. */
const plain = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !/^# Source: |helm\.sh\/chart: |app\.kubernetes\.io\/managed-by: /.test(line))
    .join('\n');

const baseHead = `# Made by \`npm run chart\` from charts/cxone-data-actions with its values as they are; change those, or patch this in an overlay. The CRD is
# deploy/crds.
`;

const baseValues = {
  fullnameOverride: 'cxone-data-actions',
  crds: { enabled: false },
  serviceMonitor: { enabled: false },
};

/** For overlays, which say in which namespace. */
const withoutNamespace = (text: string): string =>
  plain(text)
    .replaceAll(/^ +namespace: "NAMESPACE"\n/gm, '')
    .replaceAll('-NAMESPACE-', '-');

const alertsHead = `# Made by \`npm run chart\` from the chart's alerts. Leave it out where there is no Prometheus operator; a patch may put the labels on that yours
# selects by.
`;

/** The one object of its kind. */
const onlyKind = (text: string, kind: string): string =>
  text.split(/^---\n/m).find((part) => part.includes(`\nkind: ${kind}\n`)) ?? '';

export const madeFiles: readonly MadeFile[] = [
  {
    path: inChart('README.md'),
    needsHelm: false,
    make: () => withValueTable(read(inChart('README.md')), read(inChart('values.yaml'))),
  },
  {
    path: inChart('files/dataactions.dev_dataactionconfigs.yaml'),
    needsHelm: false,
    make: () => read(crdFile),
  },
  {
    path: join(kustomizeFolder, 'base/resources.yaml'),
    needsHelm: true,
    make: () => {
      const text = renderText({ values: baseValues, release: 'cxone-data-actions', namespace: 'NAMESPACE' });
      return `${baseHead}${withoutNamespace(text)}`;
    },
  },
  {
    path: join(kustomizeFolder, 'overlays/production/alerts.yaml'),
    needsHelm: true,
    make: () => {
      const values = { ...baseValues, prometheusRule: { enabled: true, renderMode: 'alwaysRender' } };
      const text = renderText({ values, release: 'cxone-data-actions', namespace: 'NAMESPACE' });
      return `${alertsHead}${withoutNamespace(onlyKind(text, 'PrometheusRule'))}`;
    },
  },
];
