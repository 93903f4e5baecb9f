/**
 * A CPU profile of V8 as a flame graph (SVG; wide = long, its callers below it) and as each function's own share.
 *
 * Idle time and the profiler's own are left out. Rectangles say their name and share when the pointer rests on them.
 */
import { escapeXml } from './xml-text.ts';

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface Frame {
  readonly name: string;
  own: number;
  total: number;
  readonly children: Map<string, Frame>;
}

export interface FlameGraph {
  readonly svg: string;
  /** Descending. */
  readonly self: readonly (readonly [name: string, share: number])[];
}

const [width, rowHeight, narrowest] = [1_600, 17, 0.3];
const leftOut = new Set(['(idle)', '(program)']);

const nameOf = ({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string => {
  const file = url.replace(/^file:\/\/.*\/((?:node_modules|pkg|cmd)\/)/, '$1');
  return `${functionName || '(anonymous)'}${file && ` ${file}:${lineNumber + 1}`}`;
};

const ownTimes = ({ samples, timeDeltas }: Profile): ReadonlyMap<number, number> => {
  const times = new Map<number, number>();
  samples.forEach((id, place) => void times.set(id, (times.get(id) ?? 0) + (timeDeltas[place] ?? 0)));
  return times;
};

/** Nodes of the same name under the same caller are one frame. */
const framesOf = (profile: Profile): Frame => {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const times = ownTimes(profile);
  const build = (parent: Frame, node: ProfileNode): number => {
    const name = nameOf(node);
    if (leftOut.has(name)) return 0;
    const frame = parent.children.get(name) ?? { name, own: 0, total: 0, children: new Map() };
    parent.children.set(name, frame);
    const own = times.get(node.id) ?? 0;
    const total = (node.children ?? []).reduce((sum, id) => {
      const child = nodes.get(id);
      return child ? sum + build(frame, child) : sum;
    }, own);
    frame.own += own;
    frame.total += total;
    return total;
  };
  const root: Frame = { name: 'all', own: 0, total: 0, children: new Map() };
  const [first] = profile.nodes;
  if (first) root.total = build(root, first);
  return root;
};

const selfTimes = (root: Frame): FlameGraph['self'] => {
  const sums = new Map<string, number>();
  const add = (frame: Frame): void => {
    sums.set(frame.name, (sums.get(frame.name) ?? 0) + frame.own);
    for (const child of frame.children.values()) add(child);
  };
  add(root);
  return [...sums].map(([name, own]) => [name, own / root.total] as const).toSorted((a, b) => b[1] - a[1]);
};

const depthOf = (frame: Frame): number => 1 + Math.max(0, ...[...frame.children.values()].map(depthOf));

export const flameGraph = (profileJson: string): FlameGraph => {
  const root = framesOf(JSON.parse(profileJson) as Profile);
  const height = depthOf(root) * rowHeight;
  const boxes: string[] = [];
  const draw = (frame: Frame, x: number, depth: number): void => {
    const boxWidth = (frame.total / root.total) * width;
    if (boxWidth < narrowest) return;
    const y = height - (depth + 1) * rowHeight;
    const text = `${frame.name} (${((frame.total / root.total) * 100).toFixed(1)} %)`;
    const shown = text.slice(0, Math.floor(boxWidth / 6.2));
    const colour = frame.name.includes(' pkg/') || frame.name.includes(' cmd/') ? '#f2a65a' : '#d8d4cf';
    boxes.push(
      `<g><title>${escapeXml(text)}</title><rect x="${x.toFixed(1)}" y="${y}" width="${boxWidth.toFixed(1)}" height="${rowHeight - 1}" fill="${colour}"/>${shown.length > 2 ? `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escapeXml(shown)}</text>` : ''}</g>`,
    );
    let left = x;
    for (const child of [...frame.children.values()].toSorted((a, b) => b.total - a.total)) {
      draw(child, left, depth + 1);
      left += (child.total / root.total) * width;
    }
  };
  draw(root, 0, 0);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="10">${boxes.join('\n')}</svg>\n`;
  return { svg, self: selfTimes(root) };
};
