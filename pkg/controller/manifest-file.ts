/**
 * One file of manifests: its documents as plain data, each able to say on which line a path of it stands. Pure.
 */
import { type Document, LineCounter } from 'yaml';
import type { Problem } from '../errors/problem.ts';
import { manifestLimits, requestLimits } from '../process/limits.ts';
import { lineOf } from './line-of.ts';
import { parseDocuments, plainOrLocated } from './plain-yaml.ts';
import { utf8Text } from './utf8-text.ts';

export interface LocatedProblem extends Problem {
  /** The first is 1. */
  readonly line: number;
}

export interface ManifestDocument {
  readonly value: unknown;
  lineOf(path: string): number;
}

export interface ManifestFile {
  /** Those with content. */
  readonly documents: readonly ManifestDocument[];
  /** What is not plain YAML; the documents are then not all there. */
  readonly problems: readonly LocatedProblem[];
}

/** Names the document's own line for each problem. */
export const located = (document: ManifestDocument, problems: readonly Problem[]): readonly LocatedProblem[] =>
  problems.map(({ path, expected }) => ({ line: document.lineOf(path), path, expected }));

const unusable = (expected: string): ManifestFile => ({ documents: [], problems: [{ line: 1, path: '', expected }] });

/** @param content  its bytes, or its text where that is known already */
export const parseManifestFile = (content: string | Uint8Array): ManifestFile => {
  const yaml = typeof content === 'string' ? content : utf8Text(content);
  if (yaml === undefined) return unusable('text in UTF-8');
  if (Buffer.byteLength(yaml) > manifestLimits.bytesMax) return unusable(`at most ${manifestLimits.bytesMax} bytes`);
  const lines = new LineCounter();
  const documents: ManifestDocument[] = [];
  const problems: LocatedProblem[] = [];
  const read = (document: Document.Parsed): void => {
    const plain = plainOrLocated(document, lines);
    if (!plain.ok) problems.push(...plain.problems.map((problem) => ({ path: '', ...problem })));
    else if (plain.value !== null && plain.value !== undefined)
      documents.push({ value: plain.value, lineOf: (path) => lineOf(document, path, lines) });
  };
  for (const document of parseDocuments(yaml, lines, 'kubectl')) {
    if (problems.length >= requestLimits.problemsMax) break;
    read(document);
  }
  return { documents, problems: problems.slice(0, requestLimits.problemsMax) };
};
