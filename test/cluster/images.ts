/**
 * The images of the cluster: the service's own, built from this tree under two tags (an upgrade goes from one to the other), and those of
 * PostgreSQL and Redis. The cluster has no registry: images go in as one archive.
 *
 * TEST_POSTGRES_IMAGE and TEST_REDIS_IMAGE name others, TEST_BUILD_ARGS are words for `docker build`.
 */
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterScript } from './cluster-script.ts';
import { attempt, run } from './command.ts';

export const imageRepository = 'cxone-data-actions';
/** What is installed, and what an upgrade brings. */
export const imageTags = ['test-1', 'test-2'] as const;

export const postgresImage = (): string => process.env.TEST_POSTGRES_IMAGE ?? 'postgres:17-alpine';
export const redisImage = (): string => process.env.TEST_REDIS_IMAGE ?? 'redis:7-alpine';

const root = join(import.meta.dirname, '..', '..');
const buildTimeoutMs = 600_000;

const own = (): readonly string[] => imageTags.map((tag) => `${imageRepository}:${tag}`);

export const buildImages = async (): Promise<void> => {
  const words = (process.env.TEST_BUILD_ARGS ?? '').split(' ').filter((word) => word !== '');
  await run('docker', ['build', '--quiet', ...words, ...own().flatMap((name) => ['--tag', name]), root], {
    environment: { DOCKER_BUILDKIT: '1' },
    timeoutMs: buildTimeoutMs,
  });
  for (const name of [postgresImage(), redisImage()]) {
    const { code } = await attempt('docker', ['image', 'inspect', name]);
    if (code !== 0) await run('docker', ['pull', '--quiet', name], { timeoutMs: buildTimeoutMs });
  }
};

export const loadImages = async (): Promise<void> => {
  const archive = join(tmpdir(), `cluster-images-${process.pid}.tar`);
  try {
    await run('docker', ['save', '--output', archive, ...own(), postgresImage(), redisImage()]);
    await run(clusterScript(), ['load-image', archive]);
  } finally {
    await rm(archive, { force: true });
  }
};
