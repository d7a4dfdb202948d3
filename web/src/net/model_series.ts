// What a detector sees in what a device said: its score, and of each signal the value, where it was expected, and its
// share of the score (docs/rest/models.md). The server replays what is stored for it, so it is asked for once.

import {at, json, withQuery} from './api';
import {usualStep, type TimeRange} from './series';
import type {QueryAnswer} from './types';

type Numbers = (number | null)[];

export interface SeenSignal {
  name: string;
  values: Numbers;
  low: Numbers;
  high: Numbers;
  shares: Numbers; // of the score, 0 to 1
}

export interface Seen {
  times: number[]; // epoch seconds, rising
  scores: Numbers;
  thresholds: Numbers;
  isAlarmed: boolean[];
  isWarm: boolean[]; // false: it learns, and raises nothing yet
  contexts: string[]; // what an expectation is made from
  signals: SeenSignal[];
}

const pointsMax = 1_000;
const replayMs = 120_000;
const gapSteps = 8; // of what usually lies between two rows, which are thinned unevenly; more is a gap, not a line

// Of a column that is not there, nothing.
function column(answer: QueryAnswer, name: string): unknown[] {
  const place = answer.columns.findIndex(one => one.name === name);
  return answer.rows.map(row => (place < 0 ? null : row[place]));
}

const numbers = (answer: QueryAnswer, name: string): Numbers =>
  column(answer, name).map(value => (typeof value === 'number' ? value : null));

// With a row of nothing in each gap, so that no line leads over it.
function withGaps(answer: QueryAnswer): QueryAnswer {
  const place = answer.columns.findIndex(one => one.name === 'ts');
  const times = answer.rows.map(row => Date.parse(String(row[place])));
  const gap = gapSteps * usualStep(times);
  const rows = answer.rows.flatMap((row, index) => {
    const before = times[index - 1];
    if (before === undefined || times[index]! - before <= gap) return [row];
    const middle = new Date((before + times[index]!) / 2).toISOString();
    return [row.map((_, column) => (column === place ? middle : null)), row];
  });
  return {...answer, rows};
}

export async function modelSeries(model: string, device: string, {from, to}: TimeRange, gone: AbortSignal): Promise<Seen> {
  const path = withQuery(`${at('models', model)}/series`, {device, from: Math.round(from), to: Math.round(to), points: pointsMax});
  const answer = withGaps(await json<QueryAnswer>(path, {signal: gone, timeoutMs: replayMs}));
  const fields = answer.columns.flatMap(({name}) => (/^value\(.*\)$/s.test(name) ? [name.slice('value('.length, -1)] : []));
  return {
    times: column(answer, 'ts').map(time => Date.parse(String(time)) / 1000),
    scores: numbers(answer, 'score'),
    thresholds: numbers(answer, 'threshold'),
    isAlarmed: column(answer, 'alarm').map(is => is === true),
    isWarm: column(answer, 'is_warm').map(is => is !== false),
    contexts: column(answer, 'context').map(text => (typeof text === 'string' ? text : '')),
    signals: fields.map(name => ({
      name,
      values: numbers(answer, `value(${name})`),
      low: numbers(answer, `low(${name})`),
      high: numbers(answer, `high(${name})`),
      shares: numbers(answer, `share(${name})`),
    })),
  };
}

// The place of the largest score; -1: there is none.
export function peakOf({scores}: Seen): number {
  return scores.reduce<number>((best, score, place) => (score !== null && score > (scores[best] ?? -Infinity) ? place : best), -1);
}
