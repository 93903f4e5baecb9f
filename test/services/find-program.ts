/** Where a program is: in the directory KUBEBUILDER_ASSETS, else on the PATH. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export const findProgram = (name: string): string | undefined =>
  [process.env.KUBEBUILDER_ASSETS ?? '', ...(process.env.PATH ?? '').split(delimiter)]
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
