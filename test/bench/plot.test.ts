import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { linearScale, logScale } from './axis-scale.ts';
import { type Plot, plotSvg } from './plot.ts';

// The area of a plot is 600 wide from x = 80, and 260 high from y = 330 upwards.
const plot: Plot = {
  title: 'Cost <of> "growth" & more',
  x: { title: 'callers', scale: 'log10' },
  y: { title: 'requests/s', scale: 'linear' },
  series: [
    {
      name: 'warm',
      points: [
        [1, 100],
        [10, 50],
        [100, 25],
      ],
    },
  ],
};
const inNames: Plot = {
  ...plot,
  x: { title: 'how', names: ['alone', 'beside'] },
  series: [
    {
      name: 'p50',
      points: [
        [0, 4],
        [1, 2],
      ],
    },
  ],
};

test('a linear axis goes from 0 in steps of 1, 2 or 5 to the first one that is not below the greatest value', () => {
  assert.equal(linearScale(100).ticks, [0, 20, 40, 60, 80, 100]);
  assert.equal(linearScale(101).ticks, [0, 20, 40, 60, 80, 100, 120]);
  assert.equal(linearScale(121).ticks, [0, 50, 100, 150]);
  assert.equal(linearScale(3_000).ticks, [0, 500, 1_000, 1_500, 2_000, 2_500, 3_000]);
  assert.equal(linearScale(0.9).ticks.length, 6);
  assert.is(linearScale(100).place(25), 0.25);
});

test('a logarithmic axis has a tick at each power, and equal factors take equal ways', () => {
  const decades = logScale(10, [1, 1_000]);
  assert.equal(decades.ticks, [1, 10, 100, 1_000]);
  assert.equal([1, 10, 100, 1_000].map(decades.place).map(round), [0, 0.3333, 0.6667, 1]);
  assert.equal(logScale(10, [3, 40]).ticks, [1, 10, 100]);
  assert.equal(logScale(10, [0.2, 0.9]).ticks, [0.1, 1]);
  assert.equal(logScale(2, [1, 64]).ticks, [1, 2, 4, 8, 16, 32, 64]);
  assert.equal(logScale(2, [5]).ticks, [4, 8]);
  assert.equal(logScale(10, [10]).ticks, [10, 100]);
});

test('points stand where their values belong', () => {
  assert.match(plotSvg(plot), 'points="80,70 380,200 680,265"');
});

test('bars stand on the axis, each above its name, with its value', () => {
  const svg = plotSvg(inNames);
  // Each name has 300, its bar the middle 70 % of that, less a gap of 2.
  assert.match(svg, '<rect class="f0" x="125" y="70" width="208" height="260"/>');
  assert.match(svg, '<rect class="f0" x="425" y="200" width="208" height="130"/>');
  assert.match(svg, '<text x="230" y="350" text-anchor="middle">alone</text>');
});

test('a goal is a line at its height, and the axis reaches it', () => {
  const svg = plotSvg({ ...plot, goal: { name: 'goal', y: 200 } });
  assert.match(svg, '<line x1="80" y1="70" x2="680" y2="70" class="goal"');
  assert.match(svg, '>200</text>');
});

test('texts are titles, units, legend and ticks, as text', () => {
  const svg = plotSvg(plot);
  for (const text of ['Cost &#60;of&#62; &#34;growth&#34; &#38; more', 'callers', 'requests/s', 'warm', '100', '0']) {
    assert.match(svg, `>${text}</text>`);
  }
});

test('the same numbers give the same text, for light and for dark', () => {
  assert.is(plotSvg(plot), plotSvg(plot));
  assert.match(plotSvg(plot), '@media (prefers-color-scheme:dark)');
});

const round = (value: number): number => Math.round(value * 10_000) / 10_000;

test.run();
