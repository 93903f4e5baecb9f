/**
 * `npm start`: PostgreSQL, sample rows and manifests from a file, then the handler as in production. `npm run start:cluster`: the same with
 * tenants from the API server of a kubeconfig, by the controller as in production. For trying things out and for development; nothing of
 * this runs in a cluster.
 */

import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { problemText } from '../../pkg/errors/problem.ts';
import { localUrl } from '../../pkg/http/local-url.ts';
import { databaseTrouble } from '../../pkg/postgres/database-trouble.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { startControllerProcess } from './controller-process.ts';
import { createServiceLogin, setUpDatabase } from './database-setup.ts';
import { findDatabaseUser } from './database-user.ts';
import { type ClusterSettings, loadDevSettings } from './dev-settings.ts';
import { freePort } from './free-port.ts';
import { type HandlerProcess, startHandlerProcess } from './handler-process.ts';
import { createManifestSource } from './manifest-source.ts';
import { resolvePostgresBinaries } from './postgres-binaries.ts';
import { pickPlaces } from './postgres-places.ts';
import { createPostgresServer, type PostgresServer } from './postgres-server.ts';
import { clusterSteps, exampleSecret, welcome } from './welcome.ts';
import { whenReady, whenServing } from './when-ready.ts';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const serviceLogin = 'dataactions_handler';
const usageError = 2;
const loaded = loadDevSettings(process.env, process.argv.slice(2));
if (!loaded.ok) {
  for (const problem of loaded.problems) process.stderr.write(`${problemText(problem)}\n`);
  process.exit(usageError);
}
const settings = loaded.value;
const started: (() => Promise<unknown>)[] = [];

const stopAll = async (): Promise<void> => {
  for (const stop of started.splice(0).reverse())
    await stop().catch((error: unknown) => say(`while stopping: ${String(error)}`));
};

let ending = false;
/** The first reason counts: a handler that ends because it was stopped is no second one. */
const end = (code: number): void => {
  if (ending) return;
  ending = true;
  void stopAll().finally(() => process.exit(code));
};

const startPostgres = async (): Promise<PostgresServer> => {
  const binaries = resolvePostgresBinaries('embedded') ?? resolvePostgresBinaries('path');
  if (!binaries) {
    throw new Error(
      'no PostgreSQL for this platform: install one so that `postgres` is on the PATH, or set DATABASE_URL',
    );
  }
  const places = pickPlaces(binaries, join(settings.dataDir, 'postgres'), findDatabaseUser());
  const server = createPostgresServer({ ...places, port: await freePort(), detached: true, log: say });
  started.push(() => server.stop('fast'));
  await server.start();
  return server;
};

const startDatabase = async (): Promise<string> => {
  if (settings.databaseUrl !== undefined) {
    await setUpDatabase(settings.databaseUrl, say).catch((error: unknown) => {
      throw new Error(`DATABASE_URL: ${databaseTrouble(error)}`);
    });
    return settings.databaseUrl;
  }
  const server = await startPostgres();
  await setUpDatabase(server.url(), say);
  await createServiceLogin(server.url(), serviceLogin);
  const url = new URL(server.url());
  url.username = serviceLogin;
  return url.href;
};

const secretOfExample = async () => exampleSecret(await readFile(settings.manifests, 'utf8'));

const host = process.env.HOST || '127.0.0.1';
const bundleDir = join(settings.dataDir, settings.cluster === undefined ? 'bundle' : 'cluster-bundle');
const manifests = relative(process.cwd(), settings.manifests);

/** @returns the handler that runs over the database and whatever writes the bundle */
const startHandler = async (databaseUrl: string): Promise<HandlerProcess> => {
  const handler = await startHandlerProcess({
    DATABASE_URL: databaseUrl,
    BUNDLE_DIR: bundleDir,
    HOST: host,
    DRAIN_DELAY_MS: process.env.DRAIN_DELAY_MS || '0',
  });
  started.push(handler.stop);
  handler.child.once('exit', (code) => end(code ?? 1));
  return handler;
};

const runWithFile = async (databaseUrl: string): Promise<void> => {
  const source = createManifestSource({ file: settings.manifests, bundleDir, clock: systemClock, log: say });
  started.push(source.stop);
  await source.start();
  const handler = await startHandler(databaseUrl);
  const adminUrl = localUrl(host, handler.adminPort);
  await whenReady(adminUrl, systemClock);
  const hint = `Edit ${manifests} and it takes effect at once.`;
  say(welcome({ url: localUrl(host, handler.port), adminUrl, manifests, secret: await secretOfExample(), hint }));
};

const runWithCluster = async (databaseUrl: string, { kubeconfig, namespace }: ClusterSettings): Promise<void> => {
  const handler = await startHandler(databaseUrl);
  const adminUrl = localUrl(host, handler.adminPort);
  const controller = await startControllerProcess({
    KUBECONFIG: kubeconfig,
    BUNDLE_DIR: bundleDir,
    HOST: host,
    HANDLER_ADMIN_URL: adminUrl,
    ...(namespace !== undefined && { WATCH_NAMESPACE: namespace }),
  });
  started.push(controller.stop);
  controller.child.once('exit', (code) => end(code ?? 1));
  say(clusterSteps({ kubeconfig, manifests }));
  await whenReady(adminUrl, systemClock);
  await whenServing(adminUrl, systemClock);
  const hint = 'Apply a changed one and it takes effect at once: `kubectl get dac` says so.';
  say(welcome({ url: localUrl(host, handler.port), adminUrl, manifests, secret: await secretOfExample(), hint }));
};

const run = async (): Promise<void> => {
  const databaseUrl = await startDatabase();
  await (settings.cluster === undefined ? runWithFile(databaseUrl) : runWithCluster(databaseUrl, settings.cluster));
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end(0));
await run().catch((error: unknown) => {
  say(messageOf(error));
  end(1);
});
