/**
 * What has to be passed on with a bundle: the licenses of the packages whose code is in it, as these have them. A package without such a file is named
 * with what its package.json says.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The innermost package of a path, and where it lies. */
const packagePath = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;
const licenseFile = /^(?:licen[cs]e|copying|notice)/i;

const licenseOf = async (folder) => {
  const {
    name,
    version,
    license = 'no license named',
  } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const files = (await readdir(folder)).filter((file) => licenseFile.test(file)).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return [`== ${name} ${version}: ${license}`, ...texts.map((text) => text.trim())].join('\n\n');
};

/** @param metafile  esbuild's, of paths from `root` */
export const licensesOf = async (root, { outputs }) => {
  const inputs = Object.values(outputs).flatMap(({ inputs: parts }) => Object.entries(parts));
  const used = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const folders = new Set(used.flatMap(([path]) => packagePath.exec(path) ?? []));
  const licenses = await Promise.all([...folders].toSorted().map((folder) => licenseOf(join(root, folder))));
  return `The packages whose code is in main.js, and their licenses.\n\n\n${licenses.join('\n\n\n')}\n`;
};
