/** What a completion script is made from: the commands by name. */
import type { Description } from '../description.ts';

export type Descriptions = Readonly<Record<string, Description>>;

/** As one word of a shell, whatever is in it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
