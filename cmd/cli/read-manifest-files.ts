/** The manifests that a command was given: files by name, `-` for standard input. */
import { type GatheredFiles, gatherManifests } from '../../pkg/controller/gather-manifests.ts';
import { parseManifestFile } from '../../pkg/controller/manifest-file.ts';
import { UsageError } from './flag.ts';
import { readBytes } from './read-bytes.ts';

/** At most one of `files` is standard input. Rejects when one cannot be read. @throws UsageError */
export const readManifestFiles = async (files: readonly string[]): Promise<GatheredFiles> => {
  const names = [...new Set(files)];
  if (names.length === 0) throw new UsageError('-f FILE is required');
  const parsed = [];
  // One after the other: a shell may name more files than a process may have open.
  for (const file of names) parsed.push({ file, ...parseManifestFile(await readBytes(file, 'manifests')) });
  return gatherManifests(parsed, '');
};
