import {useEffect, useState} from 'preact/hooks';
import {at} from '../net/api';
import {isLive, useLive} from '../net/live';
import {usePolled} from '../net/poll';
import {readRecords, valueOf} from '../net/records';
import type {LogRecord, Partition, Stream} from '../net/types';
import {count, time} from '../state/format';
import {link, param, setParams} from '../state/route';
import {t} from '../texts';
import {Asked, Failure} from '../ui/states';
import {Table, type Column} from '../ui/table';
import {Produce} from './produce';

const text = t.log;
const pageSize = 50;
const followedMax = 200;

const columns: Column<LogRecord>[] = [
  {title: text.partition, cell: record => record.partition, isNumber: true},
  {title: text.offset, cell: record => record.offset, isNumber: true},
  {title: text.time, cell: record => time(record.ts, true), isTime: true},
  {title: text.key, cell: record => record.key ?? ''},
  {title: text.topic, cell: record => record.topic ?? ''},
  {title: text.value, cell: record => <code>{valueOf(record)}</code>},
];

function Records({rows}: {rows: readonly LogRecord[]}) {
  return <Table label={text.records} columns={columns} rows={rows}
    keyOf={record => `${record.partition}/${record.offset}`} />;
}

// The newest page unless the address names an offset.
function useRecords(name: string, partition: Partition | undefined, offset: number) {
  const [rows, setRows] = useState<LogRecord[]>();
  const [error, setError] = useState<Error>();
  const index = partition?.partition;
  useEffect(() => {
    if (index === undefined) return;
    const gone = new AbortController();
    readRecords(name, index, offset, pageSize, gone.signal).then(
      records => {
        setRows(records);
        setError(undefined);
      },
      reason => {
        if (!gone.signal.aborted) setError(reason as Error);
      });
    return () => gone.abort();
  }, [name, index, offset]);
  return {rows, error};
}

function Browse({stream, partition}: {stream: Stream; partition: Partition}) {
  const {log_start_offset: first, high_watermark: end} = partition;
  const asked = param('offset');
  const offset = Math.max(first, asked === '' ? end - pageSize : Number(asked) || 0);
  const {rows, error} = useRecords(stream.name, partition, offset);
  const show = (next: number) => setParams({offset: String(Math.max(first, next))});
  return (
    <>
      <div class="row filters">
        <label>{text.from}{' '}
          <input type="number" min={first} max={end} value={offset}
            onChange={event => show(Number(event.currentTarget.value))} />
        </label>
        <button type="button" disabled={offset <= first} onClick={() => show(offset - pageSize)}>{text.older}</button>
        <button type="button" disabled={offset + pageSize >= end} onClick={() => show(offset + pageSize)}>{text.newer}</button>
        <span class="soft">{end > first ? text.range(first, end) : text.isEmpty}</span>
      </div>
      <Failure error={error} />
      <Asked value={rows} error={undefined} empty={text.noRecords}><Records rows={rows ?? []} /></Asked>
    </>
  );
}

function Follow({name}: {name: string}) {
  const [rows, setRows] = useState<LogRecord[]>([]);
  const [note, setNote] = useState('');
  useLive({
    streams: [name],
    onRecords: (stream, records, dropped) => {
      if (stream !== name) return;
      setRows(before => [...records.reverse(), ...before].slice(0, followedMax));
      if (dropped > 0) setNote(text.dropped(count(dropped)));
    },
    onEnd: stream => {
      if (stream === name) setNote(text.ended);
    },
  }, [name]);
  return (
    <>
      {note && <p class="note" role="status">{note}</p>}
      <Asked value={rows} error={undefined} empty={isLive.value ? text.following : t.loading}><Records rows={rows} /></Asked>
    </>
  );
}

export function StreamView({name}: {name: string}) {
  const {value: stream, error} = usePolled<Stream>(at('streams', name), 5_000);
  const follows = param('follow') === 'true';
  const partition = stream?.partitions[Number(param('partition', '0'))] ?? stream?.partitions[0];
  return (
    <>
      <p><a href={link('log')}>{text.back}</a></p>
      <h2>{name}</h2>
      <Failure error={error} />
      <div class="row filters">
        {!follows && stream && (
          <label>{text.partition}{' '}
            <select value={partition?.partition}
              onChange={event => setParams({partition: event.currentTarget.value, offset: undefined})}>
              {stream.partitions.map(one => <option key={one.partition}>{one.partition}</option>)}
            </select>
          </label>
        )}
        <button type="button" aria-pressed={follows} onClick={() => setParams({follow: follows ? undefined : 'true'})}>
          {follows ? text.stop : text.follow}
        </button>
      </div>
      {follows && <Follow name={name} />}
      {!follows && stream && partition && <Browse stream={stream} partition={partition} />}
      {stream && <Produce stream={stream} />}
    </>
  );
}
