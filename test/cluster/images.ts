/**
 * The images of the cluster: the service's own, built from this tree under two tags (an upgrade goes from one to the other), and those of
 * PostgreSQL and Redis. The cluster has no registry: images go in as one archive.
 *
 * TEST_NODE_IMAGE, TEST_POSTGRES_IMAGE and TEST_REDIS_IMAGE name others, TEST_DOCKER another client.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ownDirectory } from '../services/owned.ts';
import { clusterScript } from './cluster-script.ts';
import { type CommandOptions, run } from './command.ts';

export const imageRepository = 'cxone-data-actions';
/** What is installed, and what an upgrade brings. */
export const imageTags = ['test-1', 'test-2'] as const;

export const postgresImage = (): string => process.env.TEST_POSTGRES_IMAGE ?? 'postgres:17-alpine';
export const redisImage = (): string => process.env.TEST_REDIS_IMAGE ?? 'redis:7-alpine';

const root = join(import.meta.dirname, '..', '..');
/** A first build downloads all packages. */
const dockerTimeoutMs = 600_000;

const own = (): readonly string[] => imageTags.map((tag) => `${imageRepository}:${tag}`);

const nodeImage = (): string => process.env.TEST_NODE_IMAGE ?? 'docker.io/library/node:24-bookworm';

const docker = (args: readonly string[], options: CommandOptions = {}): Promise<string> =>
  run(process.env.TEST_DOCKER ?? 'docker', args, {
    environment: { DOCKER_BUILDKIT: '1' },
    timeoutMs: dockerTimeoutMs,
    ...options,
  });

const pullMissing = async (name: string): Promise<void> => {
  await docker(['image', 'inspect', name]).catch(() => docker(['pull', '--quiet', name]));
};

export const buildImages = async (): Promise<void> => {
  const tags = own().map((name) => `--tag=${name}`);
  await docker(['build', '--quiet', '--network=host', `--build-arg=NODE_IMAGE=${nodeImage()}`, ...tags, root]);
  await Promise.all([postgresImage(), redisImage()].map(pullMissing));
};

export const loadImages = async (): Promise<void> => {
  const folder = ownDirectory('cluster-images');
  const archive = join(folder, 'images.tar');
  await docker(['save', '--output', archive, ...own(), postgresImage(), redisImage()]);
  await run(clusterScript(), ['load-image', archive]);
  // Almost a gigabyte, which nobody needs until the end.
  await rm(folder, { recursive: true });
};
