// The one connection by which the page hears what is new (docs/rest/live.md). Whoever looks at something says what
// he wants to hear of; all wants together make the request.

import {signal} from '@preact/signals';
import {useEffect} from 'preact/hooks';
import {ApiError, send, withQuery} from './api';
import {eventsOf, type ServerEvent} from './server_events';
import type {TopicRow} from './topics';
import type {Alarm, LogRecord} from './types';

export interface Wants {
  topics?: readonly string[]; // filters
  streams?: readonly string[];
  alarms?: boolean;
  metrics?: boolean;
  onTopics?: (topics: TopicRow[], dropped: number) => void;
  onRecords?: (stream: string, records: LogRecord[], dropped: number) => void;
  onAlarms?: (alarms: Alarm[]) => void;
  onMetrics?: (atMs: number, values: Record<string, number>) => void;
  onEnd?: (stream: string) => void;
  // The connection has just begun: what was said before is to be asked for.
  onBegin?: () => void;
}

export const isLive = signal(false);

const noLimitMs = 2 ** 31 - 1;
const silenceMaxMs = 40_000; // the server gives a sign of life every 15 s
const backOffMinMs = 500;
const backOffMaxMs = 30_000;

const all = new Set<Wants>();
let isAllowed = false; // somebody is known, so that it makes sense to ask
let current: {query: string; streams: string; end: AbortController} | undefined;
let lastId: string | undefined;
let isScheduled = false;

const sorted = (values: Iterable<string>) => [...new Set(values)].sort();

function streams(): string {
  return sorted([...all].flatMap(one => one.streams ?? [])).join(',');
}

function query(): string {
  const wants = [...all];
  const path = withQuery('/api/v1/live', {
    topics: sorted(wants.flatMap(one => one.topics ?? [])).join(','),
    streams: streams(),
    alarms: wants.some(one => one.alarms) ? 'true' : undefined,
    metrics: wants.some(one => one.metrics) ? 'true' : undefined,
  });
  return path.includes('?') ? path : '';
}

function tell(event: ServerEvent): void {
  lastId = event.id ?? lastId;
  const data = JSON.parse(event.data) as Record<string, never>;
  for (const one of [...all]) {
    if (event.name === 'topics') one.onTopics?.(data.topics!, data.dropped!);
    else if (event.name === 'records') one.onRecords?.(data.stream!, data.records!, data.dropped!);
    else if (event.name === 'alarms') one.onAlarms?.(data.alarms!);
    else if (event.name === 'metrics') one.onMetrics?.(data.at_ms!, data.values!);
    else if (event.name === 'end') one.onEnd?.(data.stream!);
  }
}

async function hear(path: string, end: AbortController): Promise<void> {
  const answer = await send(path, {
    signal: end.signal,
    timeoutMs: noLimitMs,
    headers: lastId === undefined ? {} : {'Last-Event-ID': lastId},
  });
  isLive.value = true;
  for (const one of [...all]) one.onBegin?.();
  let silence = 0;
  const heard = () => {
    clearTimeout(silence);
    silence = window.setTimeout(() => end.abort(), silenceMaxMs);
  };
  try {
    for await (const event of eventsOf(answer.body!, heard)) tell(event);
  } finally {
    clearTimeout(silence);
  }
}

async function run(path: string): Promise<void> {
  let waitMs = backOffMinMs;
  for (;;) {
    const end = new AbortController();
    current = {query: path, streams: streams(), end};
    try {
      await hear(path, end);
      waitMs = backOffMinMs; // it ended as it may: rights have changed, the server stops
    } catch (reason) {
      if (isLive.value) waitMs = backOffMinMs;
      // It is not known any more; who signs in again asks anew.
      if (reason instanceof ApiError && reason.status >= 400 && reason.status < 500) lastId = undefined;
    }
    if (current?.end !== end) return; // something else is wanted
    isLive.value = false;
    await new Promise(resolve => setTimeout(resolve, waitMs));
    if (current?.end !== end) return;
    waitMs = Math.min(waitMs * 2, backOffMaxMs);
  }
}

// Once for all that changes in a turn: a part that goes and the one that comes.
function update(): void {
  if (isScheduled) return;
  isScheduled = true;
  queueMicrotask(() => {
    isScheduled = false;
    const path = isAllowed ? query() : '';
    if ((current?.query ?? '') === path) return;
    const before = current;
    if (before?.streams !== streams()) lastId = undefined; // who begins to follow begins at the end
    current = undefined;
    isLive.value = false;
    before?.end.abort();
    if (path !== '') void run(path);
  });
}

export function allowLive(is: boolean): void {
  isAllowed = is;
  update();
}

// Gives what ends it.
export function follow(wants: Wants): () => void {
  all.add(wants);
  if (current && current.query === query()) wants.onBegin?.();
  update();
  return () => {
    all.delete(wants);
    update();
  };
}

const gatherMs = 1_000; // lists are not asked for with each change

// Calls `refresh` when alarms have changed, and when it may have been missed that they did. Whoever may not read
// alarms does not ask for them: the connection would be refused.
export function useAlarmChanges(refresh: () => void, isAllowed = true): void {
  useEffect(() => {
    if (!isAllowed) return;
    let timer = 0;
    const soon = () => {
      timer ||= window.setTimeout(() => {
        timer = 0;
        refresh();
      }, gatherMs);
    };
    const end = follow({alarms: true, onAlarms: soon, onBegin: soon});
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [refresh, isAllowed]);
}

export function useLive(wants: Wants | undefined, dependencies: readonly unknown[]): void {
  useEffect(() => (wants ? follow(wants) : undefined), dependencies);
}
