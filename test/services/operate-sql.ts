/** The SQL of docs/operate.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const blocks = [
  ...readFileSync(join(import.meta.dirname, '../../docs/operate.md'), 'utf8').matchAll(/^ *```sql\n(.*?)^ *```$/gms),
].map(([, text = '']) => text);

/** The one block that has `part`. */
export const operateSql = (part: string): string => {
  const [found, ...others] = blocks.filter((text) => text.includes(part));
  if (found === undefined || others.length > 0) throw new Error(`not in one block of docs/operate.md: ${part}`);
  return found;
};
