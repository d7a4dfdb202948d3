import {withQuery} from '../net/api';
import {usePolled} from '../net/poll';
import type {DeviceSummary} from '../net/types';
import {count, time} from '../state/format';
import {link, param, route, setParams} from '../state/route';
import {t} from '../texts';
import {Asked} from '../ui/states';
import {Table, type Column} from '../ui/table';
import {Device} from './device';

const text = t.devices;
const askedMax = 500;

const columns: Column<DeviceSummary>[] = [
  {title: text.device, cell: one => <a href={link('devices', one.device, {stream: one.stream})}><bdi>{one.device}</bdi></a>},
  {title: text.stream, cell: one => one.stream},
  {title: text.lastSeen, cell: one => time(Date.parse(one.last_seen)), isTime: true},
  {title: text.firstSeen, cell: one => time(Date.parse(one.first_seen)), isTime: true},
  {title: text.messages, cell: one => count(one.messages), isNumber: true},
  {title: text.fields, cell: one => count(one.fields), isNumber: true},
];

function List() {
  const search = param('search');
  const {value, error} = usePolled<{devices: DeviceSummary[]; truncated: boolean}>(
    withQuery('/api/v1/devices', {search, limit: askedMax}), 5_000);
  return (
    <>
      <div class="row filters">
        <label>{t.search}{' '}
          <input type="search" value={search} onInput={event => setParams({search: event.currentTarget.value})} />
        </label>
      </div>
      {/* 404: no history is kept. The server says which setting that is. */}
      <Asked value={value?.devices} error={error} empty={text.none}>
        <Table label={t.parts.devices} columns={columns} rows={value?.devices ?? []} keyOf={one => `${one.stream}/${one.device}`} />
      </Asked>
      {value?.truncated && <p class="soft">{text.more}</p>}
    </>
  );
}

export function Devices() {
  const device = route.value.item;
  return device === undefined ? <List /> : <Device name={device} />;
}
