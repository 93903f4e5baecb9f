/** The figures of a run for people: a few short tables, what went wrong first to be seen. Pure. */
import type { Figures } from './figures.ts';
import type { LatencyFigures } from './latency.ts';
import { type Trouble, troubles } from './outcome.ts';

type Cell = string | number;

const numberText = (n: number): string => n.toLocaleString('en-US', { maximumFractionDigits: 0 });

const msText = (ms: number): string =>
  ms.toLocaleString('en-US', { maximumFractionDigits: ms < 10 ? 2 : ms < 100 ? 1 : 0 });

/** Text to the left, numbers to the right. */
const columns = (rows: readonly (readonly Cell[])[]): string => {
  const texts = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? numberText(cell) : cell)));
  const width = (at: number) => Math.max(...texts.map((row) => row[at]?.length ?? 0));
  return texts
    .map((row) => row.map((text, at) => (at === 0 ? text.padEnd(width(at)) : text.padStart(width(at)))).join('  '))
    .map((line) => `  ${line.trimEnd()}`)
    .join('\n');
};

const titled = (title: string, rows: readonly (readonly Cell[])[]): readonly string[] =>
  rows.length === 0 ? [] : [`${title}\n${columns(rows)}`];

const latencyHead = ['ms', 'p50', 'p90', 'p99', 'max'] as const;
const latencyCells = ({ p50, p90, p99, max }: LatencyFigures): readonly Cell[] => [p50, p90, p99, max].map(msText);

const isTroubleWord = (word: string): word is Trouble => Object.hasOwn(troubles, word);

const troubleRows = ({ troubles: found }: Figures): readonly (readonly Cell[])[] =>
  Object.entries(found)
    .filter(([word, count]) => count > 0 && isTroubleWord(word))
    .map(([word, count]) => [isTroubleWord(word) ? `${word} (${troubles[word]})` : word, count]);

const answerRows = ({ answers, unanswered }: Figures): readonly (readonly Cell[])[] => [
  ...answers.map(({ status, code, count }) => [code === undefined ? `${status}` : `${status} ${code}`, count]),
  ...(unanswered.timeout > 0 ? [['timeout', unanswered.timeout]] : []),
  ...Object.entries(unanswered.network).map(([reason, count]) => [`network ${reason}`, count]),
];

const callRows = ({ calls, requests, cut, more, breaker, queue }: Figures): readonly (readonly Cell[])[] => [
  ['calls', calls.wanted],
  ['  as expected', calls.asExpected],
  ['  wrong', calls.wrong],
  ...(calls.givenUp > 0 ? [['  given up at the end', calls.givenUp]] : []),
  ['requests', requests.sent],
  ['  of them repeats', requests.repeats],
  ['answers that would be cut', cut],
  ...(more.answers > 0 ? [['answers with more', more.answers]] : []),
  ...(more.pages > 0 ? [['calls for the rest', more.pages]] : []),
  ...(queue.waited > 0
    ? [
        ['calls that queued', queue.waited],
        ['  at once at most', queue.longest],
      ]
    : []),
  ...(breaker.opened > 0
    ? [
        ['breaker opened', breaker.opened],
        ['  calls it refused', breaker.refused],
      ]
    : []),
];

const stepRows = ({ steps }: Figures): readonly (readonly Cell[])[] =>
  steps.length < 2
    ? []
    : [
        ['action', 'calls', 'wrong', ...latencyHead.slice(1)],
        ...steps.map(({ action, calls, wrong, latencyMs }, at) => [
          `${at + 1}. ${action}`,
          calls,
          wrong,
          ...latencyCells(latencyMs),
        ]),
      ];

const latencyRows = ({ latencyMs }: Figures): readonly (readonly Cell[])[] => [
  [...latencyHead],
  ['call (from its scheduled time)', ...latencyCells(latencyMs.call)],
  ['request', ...latencyCells(latencyMs.request)],
  ['wait for a place', ...latencyCells(latencyMs.queue)],
];

export const tableText = (figures: Figures): string => {
  const seconds = figures.elapsedMs / 1_000;
  const rate = seconds > 0 ? figures.calls.wanted / seconds : 0;
  return `${[
    `${seconds.toFixed(1)} s, ${rate.toFixed(1)} calls/s`,
    ...titled('Calls', callRows(figures)),
    ...titled('Went wrong', troubleRows(figures)),
    ...titled('Answers', answerRows(figures)),
    ...titled('Latency', latencyRows(figures)),
    ...titled('Steps', stepRows(figures)),
    figures.ok ? 'OK' : 'NOT OK',
  ].join('\n\n')}\n`;
};
