/**
 * Measured series as an SVG plot: lines over a linear or logarithmic axis, or bars over names.
 *
 * Text in, text out. It brings its own background and follows the reader's choice of light or dark; series differ in dashes as well as in colour.
 */
import { type AxisScale, linearScale, logScale } from './axis-scale.ts';
import { escapeXml } from './xml-text.ts';

export interface Axis {
  /** With its unit. */
  readonly title: string;
  readonly scale: 'linear' | 'log2' | 'log10';
}

export interface Series {
  readonly name: string;
  /** Over names, x is the place of a name. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  readonly title: string;
  readonly x: Axis | { readonly title: string; readonly names: readonly string[] };
  readonly y: Axis;
  /** Four at most. */
  readonly series: readonly Series[];
  /** A level to compare with. */
  readonly goal?: { readonly name: string; readonly y: number };
}

const [width, height] = [720, 400];
const area = { left: 80, top: 70, width: 600, height: 260 } as const;
const bottom = area.top + area.height;
/** Of a name's share of the axis. */
const barsShare = 0.7;
const legendCharacter = 7;

const lightColours = ['#0b66a8', '#c2410c', '#047857', '#9d2f86'];
const darkColours = ['#62b5f0', '#f59e5b', '#3ecf9a', '#e58fd3'];
const dashes = ['none', '8 4', '2 3', '10 3 2 3'];

const colourRules = (colours: readonly string[]): string =>
  colours.map((colour, n) => `.l${n}{stroke:${colour}}.f${n}{fill:${colour}}`).join('');

const style = `<style>
text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-size:15px;font-weight:600}.paper{fill:#ffffff}.grid{stroke:#d0d7de}.goal{stroke:#57606a}
polyline{fill:none;stroke-width:2}${colourRules(lightColours)}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.paper{fill:#0d1117}.grid{stroke:#30363d}.goal{stroke:#9198a1}${colourRules(darkColours)}}
</style>`;

const scaleOf = ({ scale }: Axis, values: readonly number[]): AxisScale =>
  scale === 'linear' ? linearScale(Math.max(...values)) : logScale(scale === 'log2' ? 2 : 10, values);

const numberText = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 4 });
const at = (value: number): string => String(Math.round(value * 10) / 10);

const text = (x: number, y: number, content: string, more = ''): string =>
  `<text x="${at(x)}" y="${at(y)}"${more}>${escapeXml(content)}</text>`;
const centred = ' text-anchor="middle"';
const line = (x1: number, y1: number, x2: number, y2: number, more: string): string =>
  `<line x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}" ${more}/>`;

const frame = ({ title, x, y }: Plot): readonly string[] => [
  `<rect class="paper" width="${width}" height="${height}" rx="6"/>`,
  text(area.left, 26, title, ' class="title"'),
  text(area.left + area.width / 2, height - 14, x.title, centred),
  text(18, area.top + area.height / 2, y.title, `${centred} transform="rotate(-90 18 ${area.top + area.height / 2})"`),
];

const legend = (series: readonly Series[]): readonly string[] => {
  let left: number = area.left;
  return series.flatMap(({ name }, n) => {
    const from = left;
    left += 44 + name.length * legendCharacter;
    return [
      line(from, 48, from + 24, 48, `class="l${n}" stroke-width="3" stroke-dasharray="${dashes[n]}"`),
      text(from + 30, 52, name),
    ];
  });
};

const yAxis = (scale: AxisScale): readonly string[] =>
  scale.ticks.flatMap((tick) => {
    const y = bottom - scale.place(tick) * area.height;
    return [
      line(area.left, y, area.left + area.width, y, 'class="grid"'),
      text(area.left - 8, y + 4, numberText(tick), ' text-anchor="end"'),
    ];
  });

const xAxis = (scale: AxisScale): readonly string[] =>
  scale.ticks.flatMap((tick) => {
    const x = area.left + scale.place(tick) * area.width;
    return [line(x, bottom, x, bottom + 5, 'class="grid"'), text(x, bottom + 20, numberText(tick), centred)];
  });

const lines = ({ points }: Series, n: number, [x, y]: readonly [AxisScale, AxisScale]): string => {
  const places = points.map(
    ([px, py]) => [at(area.left + x.place(px) * area.width), at(bottom - y.place(py) * area.height)] as const,
  );
  const dots = places.map(([cx, cy]) => `<circle class="f${n}" cx="${cx}" cy="${cy}" r="3.5"/>`).join('');
  return `<polyline class="l${n}" stroke-dasharray="${dashes[n]}" points="${places.map((place) => place.join()).join(' ')}"/>${dots}`;
};

const bars = ({ series }: Plot, names: readonly string[], y: AxisScale): readonly string[] => {
  const share = area.width / names.length;
  const barWidth = (share * barsShare) / series.length;
  const under = names.map((name, n) => text(area.left + (n + 0.5) * share, bottom + 20, name, centred));
  const standing = series.flatMap(({ points }, n) =>
    points.map(([place, value]) => {
      const left = area.left + (place + (1 - barsShare) / 2) * share + n * barWidth;
      const tall = y.place(value) * area.height;
      return `<rect class="f${n}" x="${at(left)}" y="${at(bottom - tall)}" width="${at(barWidth - 2)}" height="${at(tall)}"/>${text(left + barWidth / 2, bottom - tall - 4, numberText(value), centred)}`;
    }),
  );
  return [...under, ...standing];
};

/** @returns an SVG document */
export const plotSvg = (plot: Plot): string => {
  const { x, series, goal } = plot;
  const points = series.flatMap((each) => each.points);
  const y = scaleOf(plot.y, [...points.map(([, value]) => value), ...(goal ? [goal.y] : [])]);
  const goalY = goal ? bottom - y.place(goal.y) * area.height : 0;
  const body = [
    ...frame(plot),
    ...yAxis(y),
    ...legend(series),
    ...(goal
      ? [
          line(area.left, goalY, area.left + area.width, goalY, 'class="goal" stroke-dasharray="4 4"'),
          text(area.left + area.width, goalY - 5, goal.name, ' text-anchor="end"'),
        ]
      : []),
  ];
  if ('names' in x) body.push(...bars(plot, x.names, y));
  else {
    const along = scaleOf(
      x,
      points.map(([value]) => value),
    );
    body.push(...xAxis(along), ...series.map((each, n) => lines(each, n, [along, y])));
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">\n<title>${escapeXml(plot.title)}</title>\n${style}\n${body.join('\n')}\n</svg>\n`;
};
