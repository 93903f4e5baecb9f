/** The one release that all stories look at: its names, how Helm installs and upgrades it, and its pods. */
import { join } from 'node:path';
import { chartFolder } from '../services/helm.ts';
import { run } from './command.ts';
import { imageRepository, type imageTags, redisImage } from './images.ts';
import { eventually, kubectl, read } from './kubectl.ts';

export const namespace = 'data-actions';
export const release = 'actions';
export const fullName = `${release}-cxone-data-actions`;
/** Of the Ingress. */
export const hostName = 'actions.test';

const values = join(import.meta.dirname, 'manifests', 'values.yaml');
const handlerPods = `app.kubernetes.io/instance=${release},app.kubernetes.io/component=handler`;

export const helm = (args: readonly string[]): Promise<string> => run('helm', ['--namespace', namespace, ...args]);

const imageValues = (tag: string): readonly string[] => {
  const redis = redisImage();
  const colon = redis.lastIndexOf(':');
  const settings = {
    'image.repository': imageRepository,
    'image.tag': tag,
    'redis.image.repository': redis.slice(0, colon),
    'redis.image.tag': redis.slice(colon + 1),
  };
  return Object.entries(settings).flatMap(([name, value]) => ['--set-string', `${name}=${value}`]);
};

interface ChartOptions {
  readonly tag: (typeof imageTags)[number] | 'nowhere';
  /** `name=value`, as for `--set`. */
  readonly set?: readonly string[];
  readonly timeout?: string;
}

/** `helm install --wait` or `helm upgrade --wait`. */
export const apply = (
  command: 'install' | 'upgrade',
  { tag, set = [], timeout = '170s' }: ChartOptions,
): Promise<string> => {
  const sets = set.flatMap((word) => ['--set', word]);
  return helm([
    command,
    release,
    chartFolder,
    '--values',
    values,
    ...imageValues(tag),
    ...sets,
    '--wait',
    '--timeout',
    timeout,
  ]);
};

export interface Pod {
  readonly name: string;
  readonly ip: string;
  readonly image: string;
  readonly ready: boolean;
}

/** The handlers' pods that nobody has told to go. */
export const pods = async (): Promise<readonly Pod[]> => {
  const fields = [
    '.metadata.name',
    '.status.podIP',
    '.spec.containers[0].image',
    '.status.conditions[?(@.type=="Ready")].status',
    '.metadata.deletionTimestamp',
  ];
  const line = fields.map((field) => `{${field}}`).join('{"\\t"}');
  const text = await read(
    ['pods', '--namespace', namespace, '--selector', handlerPods],
    `{range .items[*]}${line}{"\\n"}{end}`,
  );
  return text
    .split('\n')
    .map((row) => row.split('\t'))
    .flatMap(([name = '', ip = '', image = '', ready = '', going = '']) =>
      name === '' || going !== '' ? [] : [{ name, ip, image, ready: ready === 'True' }],
    );
};

/** Resolves when so many are ready, none is going and none is about to come. */
export const settled = (count: number): Promise<readonly Pod[]> =>
  eventually(`${count} ready pods`, async () => {
    const all = await kubectl(['get', 'pods', '--namespace', namespace, '--selector', handlerPods, '--output', 'name']);
    const there = await pods();
    if (all.split('\n').length !== count || there.filter(({ ready }) => ready).length !== count) throw new Error(all);
    return there;
  });
