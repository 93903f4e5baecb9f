/**
 * The rules of the chart and the cases that promtool runs, as the files have them.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
export const rulesFile = join(root, 'charts/cxone-data-actions/files/alerts.yaml');
export const caseFiles = globSync(join(import.meta.dirname, '*.test.yaml')).sort();

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export interface Case {
  readonly series: readonly string[];
  /** `alertname namespace` of all that fire at any of the times looked at. */
  readonly firing: readonly string[];
}

/** Of what the parser made: elements of a list, or none. */
const elements = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const fields = (value: unknown): Readonly<Record<string, unknown>> => ({ ...Object(value) });
const texts = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(fields(value)).map(([key, text]) => [key, String(text)]));

const rules = elements(fields(parse(readFileSync(rulesFile, 'utf8'))).groups)
  .flatMap((group) => elements(fields(group).rules))
  .map(fields);

export const alertRules: readonly AlertRule[] = rules
  .filter(({ alert }) => alert !== undefined)
  .map((rule) => ({
    alert: String(rule.alert),
    expr: String(rule.expr),
    for: String(rule.for),
    severity: String(fields(rule.labels).severity),
    annotations: texts(rule.annotations),
  }));

export const recordingRules: readonly RecordingRule[] = rules
  .filter(({ record }) => record !== undefined)
  .map((rule) => ({ record: String(rule.record), expr: String(rule.expr) }));

const nameAndNamespace = (labels: string): string =>
  labels.replace(/^\{alertname="(\w+)",namespace="(\w+)"\}$/, '$1 $2');

export const cases: readonly Case[] = caseFiles
  .flatMap((file) => elements(fields(parse(readFileSync(file, 'utf8'))).tests))
  .map(fields)
  .map((test) => ({
    series: elements(test.input_series).map((each) => String(fields(each).series)),
    firing: elements(test.promql_expr_test)
      .flatMap((check) => elements(fields(check).exp_samples))
      .map((sample) => nameAndNamespace(String(fields(sample).labels))),
  }));
