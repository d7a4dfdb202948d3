import {useEffect, useState} from 'preact/hooks';
import {at, json, text as textOf, withQuery} from '../net/api';
import {poll} from '../net/poll';
import type {LogRecord, Stream} from '../net/types';
import {time} from '../state/format';
import {param, setParams} from '../state/route';
import {t} from '../texts';
import {RangePicker, rangeMs, rangeName} from '../ui/range';
import {Asked, Failure} from '../ui/states';
import {Table, type Column} from '../ui/table';

const text = t.audit;
const readMax = 10_000; // what one request gives: the newest
const shownMax = 500;

// docs/format/audit.md
interface Event {
  ts: number;
  actor: string;
  address: string;
  action: string;
  resource: string;
  outcome: string;
  detail: string;
}

const columns: Column<Event>[] = [
  {title: text.at, cell: event => time(event.ts), isTime: true},
  {title: text.actor, cell: event => event.actor},
  {title: text.address, cell: event => event.address},
  {title: text.action, cell: event => event.action},
  {title: text.resource, cell: event => event.resource},
  {title: text.outcome, cell: event => <span class={`badge ${event.outcome}`}>{event.outcome}</span>},
  {title: text.detail, cell: event => event.detail},
];

function useEvents(range: ReturnType<typeof rangeName>) {
  const [value, setValue] = useState<Event[]>();
  const [error, setError] = useState<Error>();
  useEffect(() => poll(async () => {
    try {
      const stream = await json<Stream>(at('streams', 'audit'));
      const end = stream.partitions[0]?.high_watermark ?? 0;
      const first = stream.partitions[0]?.log_start_offset ?? 0;
      const path = withQuery(at('streams', 'audit', 'records'), {
        partition: 0,
        offset: Math.max(first, end - readMax),
        from: rangeMs(range).from,
        limit: readMax,
      });
      const lines = (await textOf(path)).split('\n').filter(line => line !== '');
      setValue(lines.map(line => (JSON.parse(line) as LogRecord).value as Event).reverse());
      setError(undefined);
    } catch (reason) {
      setError(reason as Error);
      throw reason;
    }
  }, 10_000), [range]);
  return {value, error};
}

export function Audit() {
  const {value, error} = useEvents(rangeName('24h'));
  const search = param('search');
  const rows = value?.filter(event => !search || Object.values(event).join(' ').includes(search)).slice(0, shownMax);
  return (
    <>
      <div class="row filters">
        <RangePicker fallback="24h" />
        <label>{t.search}{' '}
          <input type="search" value={search} onInput={event => setParams({search: event.currentTarget.value})} />
        </label>
      </div>
      <Failure error={error} />
      <Asked value={rows} error={undefined} empty={text.none}>
        <Table label={t.parts.audit} columns={columns} rows={rows ?? []} keyOf={(_, index) => index} />
      </Asked>
    </>
  );
}
