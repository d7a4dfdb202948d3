// The server's counters: those of the last hour that it kept, then as they come.

import {batch, signal} from '@preact/signals';
import {json} from '../net/api';
import {follow} from '../net/live';

export type Metrics = Map<string, number>; // by name; what has labels is summed

export interface Point {
  at_s: number;
  received: number; // messages a second
  delivered: number;
  stored: number;
}

const pointsMax = 1_800;

export const metrics = signal<Metrics>(new Map());
export const points = signal<Point[]>([]);

export function metric(name: string): number {
  return metrics.value.get(`holdfast_${name}`) ?? 0;
}

let before: {at_s: number; values: Metrics} | undefined;

// A counter that went back is that of a server that was started again.
function rateOf(name: string, now: Metrics, seconds: number): number {
  const grown = (now.get(name) ?? 0) - (before?.values.get(name) ?? 0);
  return grown < 0 ? 0 : grown / seconds;
}

interface History {
  names: string[];
  samples: number[][]; // time in ms, then a value for each name
}

function withPoint(at_s: number, values: Metrics): void {
  if (before && at_s > before.at_s) {
    const seconds = at_s - before.at_s;
    const point = {
      at_s,
      received: rateOf('holdfast_mqtt_messages_received_total', values, seconds),
      delivered: rateOf('holdfast_mqtt_messages_delivered_total', values, seconds),
      stored: rateOf('holdfast_log_appended_records_total', values, seconds),
    };
    points.value = [...points.value.slice(1 - pointsMax), point];
  }
  before = {at_s, values};
}

// What the server kept of the time before the page was opened.
async function readHistory(): Promise<void> {
  const {names, samples} = await json<History>('/api/v1/metrics/history');
  batch(() => {
    for (const [at_ms = 0, ...values] of samples)
      withPoint(at_ms / 1000, new Map(names.map((name, index) => [name, values[index] ?? 0])));
  });
}

// For whoever may read metrics. Gives what ends it.
export function startMetrics(): () => void {
  let isThere = false; // the history, which comes before all else
  return follow({
    metrics: true,
    onBegin: () => {
      if (!isThere) void readHistory().catch(() => undefined).then(() => (isThere = true));
    },
    onMetrics: (atMs, named) => {
      const values = new Map(Object.entries(named));
      metrics.value = values;
      if (isThere) withPoint(atMs / 1000, values);
    },
  });
}
