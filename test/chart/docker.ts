/** The Docker command line, for a test of the image: builds it, looks into it, runs it as a pod would. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ownContainer } from '../services/owned.ts';

const root = join(import.meta.dirname, '../..');
const nodeImage = process.env.TEST_NODE_IMAGE ?? 'docker.io/library/node:24-bookworm';
const program = process.env.TEST_DOCKER ?? 'docker';
const timeoutMs = 200_000;

export interface DockerResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const docker = (...args: readonly string[]): DockerResult => {
  const env = { ...process.env, DOCKER_BUILDKIT: '1' };
  const options = { cwd: root, encoding: 'utf8', timeout: timeoutMs, maxBuffer: 2 ** 26, env } as const;
  const { status, stdout, stderr, error } = spawnSync(program, args, options);
  return { code: status, stdout, stderr: stderr || String(error ?? '') };
};

/** Why no image can be built here, or undefined. */
export const whyNoBuild = (): string | undefined => {
  if (docker('version', '--format', '{{.Server.Version}}').code !== 0) return 'no Docker daemon answers';
  if (!docker('build', '--help').stdout.includes('--secret')) {
    return `${program} builds without BuildKit: install buildx, or name another client by TEST_DOCKER`;
  }
  if (docker('image', 'inspect', nodeImage).code === 0) return undefined;
  const { code } = docker('pull', '--quiet', nodeImage);
  return code === 0 ? undefined : `Docker neither has nor could pull ${nodeImage}; TEST_NODE_IMAGE names another one`;
};

/** @throws with what Docker says */
export const buildImage = (tag: string, ...args: readonly string[]): void => {
  const build = ['build', '--quiet', '--network=host', `--build-arg=NODE_IMAGE=${nodeImage}`, `--tag=${tag}`];
  const { code, stderr } = docker(...build, ...args, '.');
  if (code !== 0) throw new Error(`docker build: ${stderr}`);
};

/** As restricted as a pod: no network, no capability, nothing to write to. */
const confined = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges', '--network=none'];

/** Runs to the end. @param options  more of `docker run` */
export const runOnce = (tag: string, args: readonly string[], options: readonly string[] = []): DockerResult =>
  docker('run', '--rm', ...confined, ...options, tag, ...args);

/** @returns the container's id; it ends with the test process */
export const runOn = (tag: string, args: readonly string[], options: readonly string[] = []): string => {
  const { code, stdout, stderr } = docker('run', '--detach', ...confined, ...options, tag, ...args);
  if (code !== 0) throw new Error(`docker run: ${stderr}`);
  const id = stdout.trim();
  ownContainer(id);
  return id;
};
