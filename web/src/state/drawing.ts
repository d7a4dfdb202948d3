// What is drawn of the answer to a query.

import type {Show} from '../net/notebooks';
import type {QueryAnswer} from '../net/types';
import type {Line} from '../ui/chart';
import {compact, time} from './format';

export interface Drawing {
  style: 'line' | 'bar' | 'scatter';
  across: number[]; // rising: seconds since 1970, places of `names`, or a number of the result
  lines: Line[];
  names?: string[]; // what stands under the bars
}

const linesMax = 5;
const barsMax = 60;

export const isNumber = (type: string) => type === 'BIGINT' || type === 'DOUBLE';

const numbersOf = (answer: QueryAnswer) =>
  answer.columns.flatMap((column, index) => (isNumber(column.type) ? [index] : []));
const numberAt = (row: unknown[], index: number) => (typeof row[index] === 'number' ? (row[index] as number) : null);

function linesOf(answer: QueryAnswer, rows: readonly unknown[][], numbers: readonly number[]): Line[] {
  return numbers.slice(0, linesMax).map(index => ({
    label: answer.columns[index]?.name ?? '',
    values: rows.map(row => numberAt(row, index)),
  }));
}

// Numbers over `at`, whose places are said by `place`.
function over(answer: QueryAnswer, style: Drawing['style'], place: (row: unknown[]) => number, numbers: readonly number[]): Drawing {
  const placed = answer.rows.map(row => ({at: place(row), row})).filter(one => Number.isFinite(one.at)).sort((a, b) => a.at - b.at);
  return {style, across: placed.map(one => one.at), lines: linesOf(answer, placed.map(one => one.row), numbers)};
}

function bars(answer: QueryAnswer, numbers: readonly number[]): Drawing | undefined {
  const named = answer.columns.findIndex(column => !isNumber(column.type));
  if (named < 0) return undefined;
  const isTime = answer.columns[named]?.type === 'TIMESTAMP';
  const rows = answer.rows.slice(0, barsMax);
  return {
    style: 'bar',
    across: rows.map((_, index) => index),
    names: rows.map(row => (isTime ? time(Date.parse(String(row[named]))) : compact(row[named]))),
    lines: linesOf(answer, rows, numbers),
  };
}

// Nothing where the columns are not those that it takes: a time and numbers for lines, a name and numbers
// for bars, two numbers for points.
export function drawingOf(answer: QueryAnswer, show: Show): Drawing | undefined {
  const numbers = numbersOf(answer);
  const at = answer.columns.findIndex(column => column.type === 'TIMESTAMP');
  if (numbers.length === 0 || answer.rows.length === 0 || show === 'table' || show === 'number') return undefined;
  if (show === 'bar') return bars(answer, numbers);
  if (show === 'scatter') {
    const [first, ...rest] = numbers;
    return first === undefined || rest.length === 0 ? undefined : over(answer, 'scatter', row => numberAt(row, first) ?? NaN, rest);
  }
  if (at < 0 || answer.rows.length < 2) return undefined;
  return over(answer, 'line', row => Date.parse(String(row[at])) / 1000, numbers);
}
