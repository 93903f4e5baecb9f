/**
 * The dashboard of the chart as data: its panels and variables, with what Grafana puts in place of variables.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const dashboardFile = join(import.meta.dirname, '../../charts/cxone-data-actions/files/dashboard.json');

interface Query {
  readonly expr: string;
  readonly legendFormat: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly place: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string;
}

const listOf = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.map((each) => Object(each)) : [];

const dashboard = Object(JSON.parse(readFileSync(dashboardFile, 'utf8')));

export const panels: readonly Panel[] = listOf(dashboard.panels).map((panel) => ({
  id: Number(panel.id),
  type: String(panel.type),
  title: String(panel.title),
  description: String(panel.description ?? ''),
  unit: String(Object(Object(panel.fieldConfig).defaults).unit ?? Object(Object(panel.options).yAxis).unit ?? ''),
  queries: listOf(panel.targets).map(({ expr, legendFormat }) => ({
    expr: String(expr),
    legendFormat: String(legendFormat),
  })),
  place: Object(panel.gridPos),
}));

/** Everything that says from which data source it comes. */
export const dataSources: readonly string[] = [...JSON.stringify(dashboard).matchAll(/"uid":"([^"]*)"\}/g)].map(
  ([, uid = '']) => uid,
);

export const annotationQueries: readonly string[] = listOf(Object(dashboard.annotations).list).flatMap(({ expr }) =>
  expr === undefined ? [] : [String(expr)],
);

export const variables: readonly Variable[] = listOf(Object(dashboard.templating).list).map(
  ({ name, type, query }) => ({
    name: String(name),
    type: String(type),
    query: typeof query === 'string' ? query : String(Object(query).query),
  }),
);

/** @param values  by the variables' names */
export const filled = (expr: string, values: Readonly<Record<string, string>>): string =>
  expr.replaceAll('$__rate_interval', '1m').replace(/\$(\w+)/g, (whole, name: string) => values[name] ?? whole);
