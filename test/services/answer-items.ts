/**
 * An answer's items as pairs, as tests think of them: `shapeAnswer` takes the rows, and asks for a key only where it needs one.
 */
import { shapeAnswer } from '../../pkg/webhook/answer.ts';

/** A key and its row, each as JSON text; null: there is none. */
export interface AnswerItem {
  readonly key: string;
  readonly row: string | null;
}

export const shape = (
  output: string,
  items: readonly AnswerItem[],
  options?: { readonly stale?: boolean; readonly bytesMax?: number },
): string =>
  shapeAnswer(output, { rows: items.map(({ row }) => row), keyAt: (place) => items[place]?.key ?? '' }, options);
