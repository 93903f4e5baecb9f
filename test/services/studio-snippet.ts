/**
 * As much of Studio's snippet language as the examples of docs/ use, so that they can be run: DYNAMIC, ASSIGN, GetRESTProxy.
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

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const stepsOf = (path: string): readonly string[] =>
  path.replace(/\[(\d+)\]/g, (_, index: string) => `.${Number(index) - 1}`).split('.');

const assign = (variables: Record<string, unknown>, path: string, value: unknown): void => {
  const steps = stepsOf(path);
  let at: Record<string, unknown> = variables;
  for (const [index, step] of steps.slice(0, -1).entries()) {
    const next = at[step] ?? (/^\d+$/.test(steps[index + 1] ?? '') ? [] : {});
    if (!isRecord(next)) throw new Error(`${path}: has no parts`);
    at[step] = next;
    at = next;
  }
  at[steps.at(-1) ?? ''] = value;
};

const read = (variables: Record<string, unknown>, path: string): unknown =>
  stepsOf(path).reduce<unknown>((at, step) => (isRecord(at) ? at[step] : undefined), variables);

/** `"text {name} {name.asjson()}"` */
const interpolate = (variables: Record<string, unknown>, text: string): string =>
  text.replace(/\{([\w.]+?)(\.asjson\(\))?\}/g, (_, path: string, json?: string) => {
    const value = read(variables, path);
    return json ? JSON.stringify(value) : String(value);
  });

const argumentsOf = (variables: Record<string, unknown>, list: string): readonly string[] =>
  [...list.matchAll(/"((?:[^"\\]|\\.)*)"|(\d+)/g)].map(([, text, number]) =>
    text === undefined ? (number ?? '') : interpolate(variables, text),
  );

export const runSnippet = async (source: string): Promise<SnippetOutcome> => {
  const variables: Record<string, unknown> = {};
  const proxies = new Map<string, Proxy>();
  let answer = '';

  const call = async (name: string, list: string): Promise<string> => {
    const proxy = proxies.get(name);
    if (!proxy) throw new Error(`${name} is no proxy`);
    const [url = '', body = '', , method = 'GET'] = argumentsOf(variables, list);
    const { statusCode, body: answered } = await request(url, {
      method: method === 'POST' ? 'POST' : 'GET',
      headers: { 'Content-Type': String(proxy.properties.ContentType), ...proxy.headers },
      body,
      signal: AbortSignal.timeout(60_000),
    });
    proxy.properties.StatusCode = statusCode;
    return answered.text();
  };

  const evaluate = async (expression: string): Promise<unknown> => {
    const request = /^(\w+)\.MakeRestRequest\((.*)\)$/.exec(expression);
    if (request) {
      answer = await call(request[1] ?? '', request[2] ?? '');
      return answer;
    }
    const text = /^"(.*)"$/.exec(expression);
    if (text) return interpolate(variables, text[1] ?? '');
    const property = /^(\w+)\.(\w+)$/.exec(expression);
    const proxy = proxies.get(property?.[1] ?? '');
    if (proxy) return proxy.properties[property?.[2] ?? ''];
    return /^\d+$/.test(expression) ? Number(expression) : read(variables, expression);
  };

  const run = async (line: string): Promise<void> => {
    const header = /^(\w+)\.AddHeader\((.*)\)$/.exec(line);
    const assignment = /^ASSIGN ([\w.[\]]+) = (.+)$/.exec(line);
    if (header) {
      const [name = '', value = ''] = argumentsOf(variables, header[2] ?? '');
      const proxy = proxies.get(header[1] ?? '');
      if (proxy) proxy.headers[name] = value;
    } else if (assignment) {
      const [, path = '', expression = ''] = assignment;
      const [owner = '', property = ''] = path.split('.');
      const proxy = proxies.get(owner);
      if (expression === 'GetRESTProxy()') proxies.set(path, { headers: {}, properties: {} });
      else if (proxy) proxy.properties[property] = await evaluate(expression);
      else assign(variables, path, await evaluate(expression));
    } else if (!/^DYNAMIC \w+$/.test(line)) throw new Error(`not understood: ${line}`);
  };

  for (const line of source.split('\n').map((each) => each.trim())) if (line !== '') await run(line);
  return { variables, answer };
};
