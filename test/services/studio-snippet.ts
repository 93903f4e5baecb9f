/**
 * As much of Studio's snippet language as the examples of docs/ use, so that they can be run: ASSIGN, text with `{variables}`, GetRESTProxy and
 * the members of what it got. Names of the proxy's properties are those that NICE documents; any other fails. What it shows is that the text comes
 * out right, not what Studio says of it.
 */
import { request } from 'undici';

export interface SnippetOutcome {
  readonly variables: Readonly<Record<string, unknown>>;
  /** The body of the last answer. */
  readonly answer: string;
}

interface Proxy {
  readonly headers: Record<string, string>;
  readonly properties: Record<string, unknown>;
}

const settable = new Set(['ContentType', 'ProxyTimeoutSeconds']);
const readable = new Set([...settable, 'StatusCode', 'StatusDescription']);

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const stepsOf = (path: string): readonly string[] =>
  path.replace(/\[(\d+)\]/g, (_, index: string) => `.${Number(index) - 1}`).split('.');

export const runSnippet = async (source: string): Promise<SnippetOutcome> => {
  const variables: Record<string, unknown> = {};
  const proxies = new Map<string, Proxy>();
  let answer = '';

  const read = (path: string): unknown => {
    const value = stepsOf(path).reduce<unknown>((at, step) => (isRecord(at) ? at[step] : undefined), variables);
    if (value === undefined) throw new Error(`${path}: is not there`);
    return value;
  };

  /** `"text {name}"`, and `$"text \{ \"{name}\" }"` with what is escaped. */
  const filled = (text: string): string =>
    text.replace(
      /\\(.)|\{([\w.[\]]+?)(?:\.replace\('(.*?)','(.*?)'\))?\}/g,
      (_, escaped: string | undefined, path: string, from?: string, to = '') =>
        escaped ?? (from === undefined ? String(read(path)) : String(read(path)).replaceAll(from, to)),
    );

  const wordValue = (word: string): unknown => {
    const text = /^\$?"(.*)"$/.exec(word)?.[1];
    if (text !== undefined) return filled(text);
    return /^\d+$/.test(word) ? Number(word) : read(word);
  };

  const argumentsOf = (list: string): readonly string[] =>
    [...list.matchAll(/\$?"(?:[^"\\]|\\.)*"|[\w.]+/g)].map(([word]) => String(wordValue(word)));

  const call = async (proxy: Proxy, [url = '', body = '', parser, method]: readonly string[]): Promise<unknown> => {
    if (parser !== '0' || method !== 'POST') throw new Error('not understood: anything but JSON by POST');
    const { statusCode, body: answered } = await request(url, {
      method,
      headers: { 'Content-Type': String(proxy.properties.ContentType), ...proxy.headers },
      body,
      signal: AbortSignal.timeout(60_000),
    });
    proxy.properties.StatusCode = statusCode;
    answer = await answered.text();
    return JSON.parse(answer);
  };

  const evaluate = async (expression: string): Promise<unknown> => {
    const [, owner = '', member = '', list] = /^(\w+)\.(\w+)(?:\((.*)\))?$/.exec(expression) ?? [];
    const proxy = proxies.get(owner);
    if (!proxy) return wordValue(expression);
    if (member === 'MakeRestRequest') return call(proxy, argumentsOf(list ?? ''));
    if (!readable.has(member)) throw new Error(`no property of a proxy: ${member}`);
    return proxy.properties[member];
  };

  const assign = async (name: string, expression: string): Promise<void> => {
    const [owner = '', property] = name.split('.');
    const proxy = proxies.get(owner);
    if (expression === 'GetRESTProxy()') proxies.set(name, { headers: {}, properties: {} });
    else if (!property) variables[name] = await evaluate(expression);
    else if (proxy && settable.has(property)) proxy.properties[property] = await evaluate(expression);
    else throw new Error(`cannot be assigned: ${name}`);
  };

  const run = async (line: string): Promise<void> => {
    const header = /^(\w+)\.AddHeader\((.*)\)$/.exec(line);
    const [, name, expression] = /^(?:ASSIGN )?([\w.]+) = (.+)$/.exec(line) ?? [];
    const proxy = proxies.get(header?.[1] ?? '');
    if (header && proxy) {
      const [key = '', value = ''] = argumentsOf(header[2] ?? '');
      proxy.headers[key] = value;
    } else if (name && expression) await assign(name, expression);
    else throw new Error(`not understood: ${line}`);
  };

  for (const line of source.split('\n').map((each) => each.trim())) if (line !== '') await run(line);
  return { variables, answer };
};
