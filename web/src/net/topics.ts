// The topics of the server, a page at a time (docs/rest/topics.md).

import {json, withQuery} from './api';

export interface TopicRow {
  topic: string;
  topics: number;
  messages: number;
  rate: number;
  last_ms: number | null;
  // Only where something was said on the topic itself:
  retained?: boolean;
  payload?: string;
  payload_base64?: string;
  payload_bytes?: number;
  stream?: string;
  partition?: number;
  offset?: number;
}

export interface TopicPage {
  topics: TopicRow[];
  cursor: string | null;
  complete: boolean;
  skipped: number;
  left_out: number;
}

export const pageRows = 250;

// What lies right below `prefix`; undefined: the first levels.
export function childrenOf(prefix: string | undefined, cursor: string | undefined, gone?: AbortSignal): Promise<TopicPage> {
  let path = withQuery('/api/v1/topics', {limit: pageRows});
  // Not by withQuery(), which leaves out what is empty: there are levels without a name.
  if (prefix !== undefined) path += `&prefix=${encodeURIComponent(prefix)}`;
  if (cursor !== undefined) path += `&cursor=${encodeURIComponent(cursor)}`;
  return json<TopicPage>(path, gone ? {signal: gone} : {});
}

export function topicsWith(search: string, cursor: string | undefined, gone?: AbortSignal): Promise<TopicPage> {
  return json<TopicPage>(withQuery('/api/v1/topics', {limit: pageRows, search, cursor}), gone ? {signal: gone} : {});
}

export function levelOf(topic: string): string {
  return topic.slice(topic.lastIndexOf('/') + 1);
}

export function hasChildren(row: TopicRow): boolean {
  return row.topics > (row.payload_bytes === undefined ? 0 : 1);
}

// The beginning of the last message, as text where it is text.
export function shownPayload(row: TopicRow): string {
  if (row.payload !== undefined) return row.payload + (isCut(row) ? ' …' : '');
  return row.payload_base64 === undefined ? '' : `base64 ${row.payload_base64}`;
}

const keptBytes = 256;

export function isCut(row: TopicRow): boolean {
  return (row.payload_bytes ?? 0) > keptBytes;
}
