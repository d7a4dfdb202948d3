// One device: what it says and said, what is wrong with it, and how it is connected.

import {at, withQuery} from '../net/api';
import {useAlarmChanges} from '../net/live';
import {usePolled} from '../net/poll';
import type {Alarm, DeviceLatest, DeviceOfStream, ExplainedClient} from '../net/types';
import {compact, time} from '../state/format';
import {link, param, setParams} from '../state/route';
import {may} from '../state/session';
import {t} from '../texts';
import {Empty, Failure} from '../ui/states';
import {Table, type Column} from '../ui/table';
import {AlarmTable} from './alarms';
import {Explained} from './clients';
import {DeviceCharts, type Field} from './device_charts';
import {DeviceMessages} from './device_messages';

const text = t.devices;

const valueColumns: Column<Field>[] = [
  {title: text.field, cell: field => <bdi>{field.name}</bdi>},
  {title: text.value, cell: field => <code>{compact(field.value)}</code>},
  {title: text.at, cell: field => time(Date.parse(field.ts), true), isTime: true},
];

function Alarms({device}: {device: string}) {
  const {value, error, refresh} = usePolled<Alarm[]>('/api/v1/alarms?limit=10000', 30_000);
  useAlarmChanges(refresh);
  const rows = value?.filter(alarm => alarm.device === device).slice(0, 50);
  return (
    <section>
      <h3>{t.parts.alarms}</h3>
      <Failure error={error} />
      {rows && (rows.length === 0 ? <Empty>{text.noAlarms}</Empty> : <AlarmTable rows={rows} refresh={refresh} />)}
    </section>
  );
}

// A device is not a client, but where its client id is its name, that is how it is connected.
function Connection({device}: {device: string}) {
  const {value, error} = usePolled<{clients: ExplainedClient[]}>(
    withQuery('/api/v1/clients', {client_id: device}), 5_000);
  return (
    <section>
      <h3>{text.connection}</h3>
      {error && <Empty>{error.message}</Empty>}
      {value?.clients.length === 0 && <Empty>{text.noClient}</Empty>}
      {value?.clients.map(client => <Explained key={client.client_id} client={client} />)}
    </section>
  );
}

function Said({one}: {one: DeviceOfStream}) {
  const fields = Object.entries(one.values).map(([name, said]) => ({name, ...said}));
  return (
    <>
      {may('query', 'read') && <DeviceCharts stream={one.stream} device={one.device} fields={fields} />}
      <h3>{text.lastValues}</h3>
      <Table label={text.lastValues} columns={valueColumns} rows={fields} keyOf={field => field.name} />
      {may('query', 'read') && <DeviceMessages stream={one.stream} device={one.device} />}
    </>
  );
}

export function Device({name}: {name: string}) {
  const {value, error} = usePolled<DeviceLatest>(`${at('devices', name)}/latest`, 2_000);
  const streams = value?.streams ?? [];
  const one = streams.find(each => each.stream === param('stream')) ?? streams[0];
  return (
    <>
      <p><a href={link('devices')}>{text.back}</a></p>
      <h2><bdi>{name}</bdi></h2>
      <Failure error={error} />
      {streams.length > 1 && (
        <label>{text.stream}{' '}
          <select value={one?.stream} onChange={event => setParams({stream: event.currentTarget.value, fields: undefined})}>
            {streams.map(each => <option key={each.stream}>{each.stream}</option>)}
          </select>
        </label>
      )}
      {one && <Said key={one.stream} one={one} />}
      {may('alarms', 'read') && <Alarms device={name} />}
      {may('clients', 'read') && <Connection device={name} />}
    </>
  );
}
