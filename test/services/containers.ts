/**
 * Servers in Docker containers, through testcontainers: on fixed host ports, since a restart changes a mapped one.
 *
 * testcontainers is loaded only when a container is wanted: it costs a third of a second.
 */
import { ownContainer } from './owned.ts';
import type { Service } from './service.ts';
import { until } from './until.ts';

export interface ContainerSpec {
  readonly image: string;
  readonly containerPort: number;
  readonly port: number;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly url: string;
  /** Rejects until the server answers. */
  readonly probe: () => Promise<unknown>;
}

/** Why `image` cannot be run here, or undefined: it is here, or could be pulled. */
export const whyNoContainer = async (image: string): Promise<string | undefined> => {
  const { getContainerRuntimeClient, ImageName } = await import('testcontainers');
  const client = await getContainerRuntimeClient().catch(() => undefined);
  if (!client) return 'no Docker daemon answers';
  const name = ImageName.fromString(image);
  if (await client.image.exists(name)) return undefined;
  return client.image.pull(name).then(
    () => undefined,
    (error: unknown) => `a Docker daemon answers, but it neither has nor could pull ${image} (${firstLine(error)})`,
  );
};

const firstLine = (error: unknown): string => (String(error).split('\n')[0] ?? '').slice(0, 160);

export const startContainer = async (spec: ContainerSpec): Promise<Service> => {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers');
  const started = await new GenericContainer(spec.image)
    .withExposedPorts({ container: spec.containerPort, host: spec.port })
    .withEnvironment({ ...spec.environment })
    .withCommand([...spec.command])
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
  const container = (await getContainerRuntimeClient()).container.getById(started.getId());
  ownContainer(started.getId());
  const ready = () => until(spec.image, spec.probe);
  await ready();
  const state = async () => (await container.inspect()).State;
  return {
    host: '127.0.0.1',
    port: spec.port,
    url: spec.url,
    stop: async () => {
      if ((await state()).Paused) await container.unpause();
      if ((await state()).Running) await container.stop({ t: 10 });
    },
    kill: async () => {
      if ((await state()).Paused) await container.unpause();
      if ((await state()).Running) await container.kill();
      await container.wait();
    },
    start: async () => {
      // Docker gives the port of a container that just ended free a moment later.
      await until(spec.image, async () => {
        if (!(await state()).Running) await container.start();
      });
      await ready();
    },
    pause: async () => void (await container.pause()),
    resume: async () => void (await container.unpause()),
  };
};
