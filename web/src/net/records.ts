// Records of a stream: a page of them, or as they come.

import {compact} from '../state/format';
import {at, send, withQuery} from './api';
import type {LogRecord} from './types';

function parsed(line: string): LogRecord {
  return JSON.parse(line) as LogRecord;
}

// The value of a record as it is read: text where it is text, else base64.
export function valueOf(record: LogRecord): string {
  if (record.value_base64 === undefined) return compact(record.value);
  try {
    const bytes = Uint8Array.from(atob(record.value_base64), character => character.charCodeAt(0));
    return new TextDecoder('utf-8', {fatal: true}).decode(bytes);
  } catch {
    return record.value_base64;
  }
}

export async function readRecords(stream: string, partition: number, offset: number, limit: number,
  gone?: AbortSignal): Promise<LogRecord[]> {
  const path = withQuery(at('streams', stream, 'records'), {partition, offset, limit});
  const answer = await send(path, gone ? {signal: gone} : {});
  return (await answer.text()).split('\n').filter(line => line !== '').map(parsed);
}
