import {usePolled} from '../net/poll';
import type {Stream} from '../net/types';
import {bytes, count, duration} from '../state/format';
import {link, param, route, setParams} from '../state/route';
import {t} from '../texts';
import {Asked} from '../ui/states';
import {Table, type Column} from '../ui/table';
import {StreamView} from './stream';

const text = t.log;

const sum = (stream: Stream, of: (partition: Stream['partitions'][number]) => number) =>
  stream.partitions.reduce((total, partition) => total + of(partition), 0);

const columns: Column<Stream>[] = [
  {title: text.stream, cell: stream => <a href={link('log', stream.name)}>{stream.name}</a>},
  {title: text.partitions, cell: stream => count(stream.partitions.length), isNumber: true},
  {title: text.records, isNumber: true,
    cell: stream => count(sum(stream, one => one.high_watermark - one.log_start_offset))},
  {title: text.size, cell: stream => bytes(sum(stream, one => one.bytes)), isNumber: true},
  {title: text.retention, isNumber: true,
    cell: stream => (stream.retention_ms < 0 ? text.forEver : duration(stream.retention_ms))},
  {title: text.durability, cell: stream => stream.durability},
];

function Streams() {
  const isAll = param('internal') === 'true';
  const {value, error} = usePolled<Stream[]>(`/api/v1/streams?internal=${isAll}`);
  return (
    <>
      <div class="row filters">
        <label>
          <input type="checkbox" checked={isAll}
            onChange={event => setParams({internal: event.currentTarget.checked ? 'true' : undefined})} />
          {' '}{text.internal}
        </label>
      </div>
      <Asked value={value} error={error} empty={text.none}>
        <Table label={t.parts.log} columns={columns} rows={value ?? []} keyOf={stream => stream.name} />
      </Asked>
    </>
  );
}

export function Log() {
  const name = route.value.item;
  return name === undefined ? <Streams /> : <StreamView name={name} />;
}
