// What a model raised, and why: of a detector the signal that stood out, and where it was expected, of a trained
// model its prediction. A chart of what was around it is on the alarm's own view.

import {withQuery} from '../net/api';
import {usePolled} from '../net/poll';
import type {Alarm} from '../net/types';
import {time} from '../state/format';
import {link} from '../state/route';
import {may} from '../state/session';
import {t} from '../texts';
import {Asked} from '../ui/states';
import {Table, type Column} from '../ui/table';
import {detailOf, saidOf} from './detector_details';
import {isJudged, LabelButtons} from './label';

const text = t.models;
const shownMax = 50;
const aroundMs = 60 * 60_000; // shown before the raise and behind the clear

// To what the model sees of the device around it.
function linkAround({source, device, raised_at, cleared_at}: Alarm): string {
  const to = (cleared_at ?? Math.max(Date.now(), raised_at)) + aroundMs;
  return link('models', source, {device, from: String(raised_at - aroundMs), to: String(to)});
}

const whoAndWhen: Column<Alarm>[] = [
  {title: text.device, cell: alarm => <a href={link('alarms', alarm.id, {source: alarm.source})}><bdi>{alarm.device}</bdi></a>},
  {title: t.alarms.severity, cell: alarm => <span class={`badge ${alarm.severity}`}>{alarm.severity}</span>},
  {title: text.raised, cell: alarm => time(alarm.raised_at), isTime: true},
  {title: text.cleared, cell: alarm => (alarm.cleared_at === null ? text.active : time(alarm.cleared_at)), isTime: true},
];

const detectorColumns: Column<Alarm>[] = [
  {title: text.score, cell: alarm => detailOf(alarm, 'score'), isNumber: true},
  {title: text.signal, cell: alarm => <bdi>{detailOf(alarm, 'signal')}</bdi>},
  {title: text.value, cell: alarm => saidOf((alarm.details ?? {}) as object)},
  {title: text.context, cell: alarm => <bdi>{detailOf(alarm, 'context')}</bdi>},
  {title: '', cell: alarm => <a href={linkAround(alarm)}>{text.look}</a>},
];

function Labelled({alarm, refresh}: {alarm: Alarm; refresh: () => void}) {
  return (
    <>
      {alarm.label && <b>{t.alarms.labels[alarm.label]}</b>}{' '}
      {isJudged(alarm) && may('alarms', 'manage') && <LabelButtons alarm={alarm} done={refresh} />}
    </>
  );
}

export function ModelVerdicts({source, columns = detectorColumns}: {source: string; columns?: Column<Alarm>[]}) {
  const {value, error, refresh} = usePolled<Alarm[]>(may('alarms', 'read') ? withQuery('/api/v1/alarms', {source, limit: shownMax}) : null, 10_000);
  if (!may('alarms', 'read')) return null;
  const labels: Column<Alarm> = {title: t.alarms.label, cell: alarm => <Labelled alarm={alarm} refresh={refresh} />};
  const rows = value?.toSorted((a, b) => Number(b.state === 'active') - Number(a.state === 'active'));
  return (
    <section>
      <h3>{text.verdicts}</h3>
      <Asked value={value} error={error} empty={text.noVerdicts}>
        <Table label={text.verdicts} columns={[...whoAndWhen, ...columns, ...(rows?.some(isJudged) ? [labels] : [])]} rows={rows ?? []} keyOf={alarm => alarm.id} />
        <p class="soft">{text.verdictsHelp}</p>
      </Asked>
    </section>
  );
}
