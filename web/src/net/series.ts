// What a device said over time. The one place that knows how it is asked for: points to be drawn from history,
// rows and messages in SQL.

import {ApiError, at, json, withQuery} from './api';
import {query} from './query';
import type {QueryAnswer} from './types';

export interface Series {
  field: string;
  times: number[]; // epoch seconds, rising
  values: (number | null)[];
}

export interface TimeRange {
  from: number; // epoch ms
  to: number;
}

const pointsMax = 500;
const gapSteps = 4; // of what usually lies between two values; more is a gap, not a line

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

// What lies between two times most of the time, in seconds.
export function usualStep(times: readonly number[]): number {
  const steps = times.slice(1).map((at, index) => at - times[index]!).sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)] ?? 0;
}

// Least and greatest value of each bucket, each at its time, so that no peak is lost. Columns: the bucket's
// time, least, when, greatest, when.
function pointsOf(answer: QueryAnswer, field: string): Series {
  const seconds = (time: unknown) => Date.parse(String(time)) / 1000;
  const buckets = answer.rows.flatMap(([, low, lowAt, high, highAt]) => {
    if (typeof low !== 'number' || typeof high !== 'number') return [];
    const points = [{at: seconds(lowAt), value: low}, {at: seconds(highAt), value: high}].sort((a, b) => a.at - b.at);
    return [points[0]!.at === points[1]!.at ? points.slice(0, 1) : points];
  });
  const gap = gapSteps * usualStep(buckets.map(points => points[0]!.at));
  const series: Series = {field, times: [], values: []};
  const add = (at: number, value: number | null) => {
    series.times.push(at);
    series.values.push(value);
  };
  buckets.forEach((points, number) => {
    const before = buckets[number - 1]?.at(-1);
    if (before && points[0]!.at - before.at > gap) add((before.at + points[0]!.at) / 2, null);
    for (const {at, value} of points) add(at, value);
  });
  return series;
}

async function oneSeries(stream: string, device: string, field: string, range: TimeRange, gone: AbortSignal): Promise<Series> {
  const path = withQuery(at('history', device, field), {stream, from: range.from, to: range.to, points: pointsMax});
  try {
    return pointsOf(await json<QueryAnswer>(path, {signal: gone, timeoutMs: 60_000}), field);
  } catch (reason) {
    // A field that history has let go of has no points.
    if (reason instanceof ApiError && reason.status === 404) return {field, times: [], values: []};
    throw reason;
  }
}

export function seriesOf(stream: string, device: string, fields: readonly string[], range: TimeRange,
  gone: AbortSignal): Promise<Series[]> {
  return Promise.all(fields.map(field => oneSeries(stream, device, field, range, gone)));
}

const rowsMax = 100_000;

// A field's path with each level quoted: none is a column of SQL then. Odd names are quoted in it already.
function pathOf(field: string): string {
  const levels = field.match(/"(?:[^"]|"")*"|[^.]+/g) ?? [field];
  return levels.map(level => (level.startsWith('"') ? level : quoted(level))).join('.');
}

function paramsOf(device: string, {from, to}: TimeRange) {
  return {device, from: new Date(from).toISOString(), to: new Date(to).toISOString()};
}

const where = 'WHERE device = :device AND ts >= :from AND ts < :to';

// As it was sent, for a file.
export function rowsOf(stream: string, device: string, fields: readonly string[], range: TimeRange): Promise<QueryAnswer> {
  const columns = fields.map(field => `${pathOf(field)} AS ${quoted(field)}`);
  return query(`SELECT ts, ${columns.join(', ')} FROM ${quoted(stream)} ${where} ORDER BY ts LIMIT ${rowsMax}`, paramsOf(device, range));
}

const messagesMax = 20;

// The newest messages of the range, newest first.
export function messagesOf(stream: string, device: string, range: TimeRange, gone: AbortSignal): Promise<QueryAnswer> {
  const sql = `SELECT ts, topic, payload FROM ${quoted(stream)}@log ${where} ORDER BY ts DESC LIMIT ${messagesMax}`;
  return query(sql, paramsOf(device, range), gone);
}
