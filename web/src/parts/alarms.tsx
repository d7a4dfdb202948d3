import {withQuery} from '../net/api';
import {useAlarmChanges} from '../net/live';
import {usePolled} from '../net/poll';
import type {Alarm} from '../net/types';
import {compact, time} from '../state/format';
import {link, param, route, setParams} from '../state/route';
import {may} from '../state/session';
import {t} from '../texts';
import {Action} from '../ui/action';
import {Asked} from '../ui/states';
import {Table, type Column} from '../ui/table';
import {acknowledge, OneAlarm} from './alarm';
import {summaryOf} from './detector_details';
import {Timeline} from './timeline';

const text = t.alarms;
const askedMax = 1_000;
const severities = ['critical', 'major', 'minor', 'info'];

// What most alarms have not is shown only where one of them has it: details need the room.
const columnsOf = (rows: readonly Alarm[]): Column<Alarm>[] => [
  {title: text.severity, cell: alarm => <span class={`badge ${alarm.severity}`}>{alarm.severity}</span>},
  {title: text.name, cell: alarm => <a href={link('alarms', alarm.id, {source: alarm.source})}>{alarm.name}</a>},
  {title: text.key, cell: alarm => alarm.key},
  {title: text.source, cell: alarm => <a href={link('alarms', undefined, {search: alarm.source})}>{alarm.source}</a>},
  {title: text.raised, cell: alarm => time(alarm.raised_at), isTime: true},
  ...(rows.some(alarm => alarm.cleared_at !== null) ? [{title: text.cleared, cell: (alarm: Alarm) => time(alarm.cleared_at), isTime: true}] : []),
  ...(rows.some(alarm => alarm.acknowledged) ? [{title: text.acknowledged, cell: (alarm: Alarm) => <Acknowledged alarm={alarm} />}] : []),
  ...(rows.some(alarm => alarm.label) ? [{title: text.label, cell: (alarm: Alarm) => <Labelled alarm={alarm} />}] : []),
  {title: text.details, cell: alarm => <Details alarm={alarm} />},
];

function Details({alarm}: {alarm: Alarm}) {
  const summary = summaryOf(alarm);
  return summary === undefined ? <code>{compact(alarm.details)}</code> : <bdi title={compact(alarm.details)}>{summary}</bdi>;
}

function Said({said}: {said: NonNullable<Alarm['acknowledged']>}) {
  return <>{text.by(said.by || text.nobody, time(said.at))}{said.comment && <><br /><bdi>{said.comment}</bdi></>}</>;
}

function Acknowledged({alarm: {acknowledged}}: {alarm: Alarm}) {
  return acknowledged ? <Said said={acknowledged} /> : null;
}

function Labelled({alarm: {label, labelled}}: {alarm: Alarm}) {
  return label && labelled ? <><b>{text.labels[label]}</b>{' '}<Said said={labelled} /></> : null;
}

// `refresh` where one may acknowledge there.
export function AlarmTable({rows, refresh}: {rows: readonly Alarm[]; refresh?: () => void}) {
  const columns = columnsOf(rows);
  const shown = refresh && may('alarms', 'manage')
    ? [...columns, {title: '', cell: (alarm: Alarm) => !alarm.acknowledged && <Action run={() => acknowledge(alarm, '')} done={refresh}>{text.acknowledge}</Action>}]
    : columns;
  return <Table label={t.parts.alarms} columns={shown} rows={rows} keyOf={alarm => alarm.id} />;
}

function Filters() {
  const states = Object.entries(text.states);
  return (
    <div class="row filters">
      <label>{text.state}{' '}
        <select value={param('state', 'active')} onChange={event => setParams({state: event.currentTarget.value || 'all'})}>
          {states.map(([name, label]) => <option key={name} value={name || 'all'}>{label}</option>)}
        </select>
      </label>
      <label>{text.severity}{' '}
        <select value={param('severity')} onChange={event => setParams({severity: event.currentTarget.value})}>
          <option value="">{text.any}</option>
          {severities.map(name => <option key={name}>{name}</option>)}
        </select>
      </label>
      <label>{t.search}{' '}
        <input type="search" value={param('search')} onInput={event => setParams({search: event.currentTarget.value})} />
      </label>
    </div>
  );
}

function List() {
  const state = param('state', 'active');
  const path = withQuery('/api/v1/alarms', {
    state: state === 'all' ? undefined : state,
    limit: askedMax,
  });
  const {value, error, refresh} = usePolled<Alarm[]>(path, 15_000);
  useAlarmChanges(refresh);
  const severity = param('severity');
  const search = param('search').toLowerCase();
  const rows = value?.filter(alarm =>
    (!severity || alarm.severity === severity) &&
    [alarm.name, alarm.source, alarm.key].some(said => said.toLowerCase().includes(search)));
  return (
    <>
      <Filters />
      <Asked value={rows} error={error} empty={text.none}>
        <Timeline alarms={rows ?? []} />
        <AlarmTable rows={rows ?? []} refresh={refresh} />
      </Asked>
    </>
  );
}

export function Alarms() {
  const id = route.value.item;
  return id === undefined ? <List /> : <OneAlarm id={id} />;
}
