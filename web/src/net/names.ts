// The names that a statement may use on this server: streams and tables, and the fields of what was said last.

import {json} from './api';
import {query} from './query';
import {readRecords} from './records';
import type {Stream} from './types';

export interface Names {
  relations: string[];
  fields: string[];
}

const keptMs = 60_000;
const streamsMax = 12;
const recordsMax = 10;
const fieldsMax = 500;
const depthMax = 4;

let known: {at: number; names: Promise<Names>} | undefined;

function collect(value: unknown, path: string, fields: Set<string>, depth = 0) {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || depth >= depthMax) {
    if (path !== '' && fields.size < fieldsMax) fields.add(path);
    return;
  }
  for (const [name, inner] of Object.entries(value)) {
    const level = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
    collect(inner, path === '' ? level : `${path}.${level}`, fields, depth + 1);
  }
}

// The newest records of a few streams; what may not be read, or is not there any more, has none.
async function fieldsOf(streams: readonly Stream[]): Promise<string[]> {
  const fields = new Set<string>();
  await Promise.all(streams.filter(one => !one.internal).slice(0, streamsMax).map(async stream => {
    const fullest = stream.partitions.reduce((best, one) =>
      (one.high_watermark - one.log_start_offset > best.high_watermark - best.log_start_offset ? one : best));
    const from = Math.max(fullest.log_start_offset, fullest.high_watermark - recordsMax);
    const records = await readRecords(stream.name, fullest.partition, from, recordsMax).catch(() => []);
    for (const record of records) collect(record.value, '', fields);
  }));
  return [...fields].sort();
}

async function ask(): Promise<Names> {
  const [streams, tables] = await Promise.all([
    json<Stream[]>('/api/v1/streams').catch(() => []),
    query('SHOW TABLES', {}).then(answer => answer.rows.map(row => String(row[0])), () => []),
  ]);
  const relations = [...new Set([...streams.map(stream => stream.name), ...tables])].sort();
  return {relations, fields: await fieldsOf(streams)};
}

// Asked for at most once a minute.
export function namesOfSite(): Promise<Names> {
  const now = Date.now();
  if (!known || now - known.at > keptMs) known = {at: now, names: ask()};
  return known.names;
}
